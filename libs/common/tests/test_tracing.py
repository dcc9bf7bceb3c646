from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from etter_common import tracing
from etter_common.settings import ServiceSettings

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class Settings(ServiceSettings):
    service: ClassVar[str] = "sample"
    model_config = SettingsConfigDict(env_prefix="TEST_TRACING_")


def settings(**given: object) -> Settings:
    urls = {"database_url": "postgresql+asyncpg://x", "redis_url": "x", "nats_url": "x"}
    return Settings(**urls, **given)  # type: ignore[arg-type]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.shutdown()


def only(spans: InMemorySpanExporter) -> ReadableSpan:
    [span] = spans.get_finished_spans()
    return span


class TestSpan:
    def test_name_kind_and_attributes(self, spans: InMemorySpanExporter) -> None:
        with tracing.span("consume", kind="consumer", attributes={"messages": 3}):
            pass
        span = only(spans)
        assert (span.name, span.kind.name, dict(span.attributes or {})) == ("consume", "CONSUMER", {"messages": 3})

    def test_headers_make_it_part_of_the_caller_s_trace(self, spans: InMemorySpanExporter) -> None:
        with tracing.span("handle", headers={"traceparent": PARENT}):
            pass
        span = only(spans)
        assert span.context is not None
        assert f"{span.context.trace_id:032x}" == TRACE

    @pytest.mark.parametrize("given", ["", "garbage", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
    def test_a_malformed_parent_begins_a_new_trace(self, spans: InMemorySpanExporter, given: str) -> None:
        with tracing.span("handle", headers={"traceparent": given}):
            pass
        assert only(spans).parent is None

    def test_an_exception_marks_it_as_failed(self, spans: InMemorySpanExporter) -> None:
        with pytest.raises(LookupError), tracing.span("handle"):
            raise LookupError("gone")
        assert only(spans).status.status_code is StatusCode.ERROR

    def test_inner_spans_are_children(self, spans: InMemorySpanExporter) -> None:
        with tracing.span("outer"), tracing.span("inner"):
            pass
        inner, outer = spans.get_finished_spans()
        assert inner.parent is not None
        assert outer.context is not None
        assert inner.parent.span_id == outer.context.span_id


class TestInject:
    def test_the_running_trace_travels(self, spans: InMemorySpanExporter) -> None:
        headers: dict[str, str] = {}
        with tracing.span("publish", headers={"traceparent": PARENT}):
            tracing.inject(headers)
        assert headers["traceparent"].split("-")[1] == TRACE
        assert headers["traceparent"] != PARENT, "it names our span now"

    def test_without_tracing_the_caller_s_trace_still_travels(self) -> None:
        headers: dict[str, str] = {}
        with tracing.span("publish", headers={"traceparent": PARENT}):
            tracing.inject(headers)
        assert headers == {"traceparent": PARENT}
        assert tracing.traceparent() is None, "and only inside"

    def test_without_a_trace_nothing_is_added(self) -> None:
        headers: dict[str, str] = {}
        tracing.inject(headers)
        assert headers == {}


class TestMakeProvider:
    @pytest.mark.parametrize(("flag", "made"), [("01", 1), ("00", 0)])
    def test_the_caller_s_sampling_decision_is_followed(self, flag: str, made: int) -> None:
        exporter = InMemorySpanExporter()
        provider = tracing.make_provider("core", "test", ratio=0.0 if made else 1.0, exporter=exporter)
        tracing.use(provider)
        with tracing.span("handle", headers={"traceparent": PARENT[:-2] + flag}):
            pass
        provider.force_flush()
        tracing.shutdown()
        assert len(exporter.get_finished_spans()) == made


class Collector(BaseHTTPRequestHandler):
    got: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def collector() -> Iterator[str]:
    Collector.got.clear()
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class TestConfigure:
    async def test_spans_arrive_at_the_otlp_endpoint(self, collector: str) -> None:
        tracing.configure(settings(otlp_endpoint=f"http://{collector}", trace_sample_ratio=1))
        with tracing.span("handle"):
            pass
        await asyncio.to_thread(tracing.shutdown)
        [(path, body)] = Collector.got
        request = ExportTraceServiceRequest.FromString(body)
        assert path == "/v1/traces"
        assert request.resource_spans[0].scope_spans[0].spans[0].name == "handle"
        attributes = {a.key: a.value.string_value for a in request.resource_spans[0].resource.attributes}
        assert attributes["service.name"] == "etter-sample"

    def test_without_an_endpoint_no_span_is_made(self) -> None:
        tracing.configure(settings())
        with tracing.span("handle") as span:
            assert not span.is_recording()


class TestCapture:
    def test_the_running_span_tells_the_error(self, spans: InMemorySpanExporter) -> None:
        with tracing.span("handle"):
            tracing.capture(LookupError("gone"))
        span = only(spans)
        assert span.status.status_code is StatusCode.ERROR
        assert span.events[0].name == "exception"

    async def test_sentry_gets_it_without_secrets(self, collector: str) -> None:
        import sentry_sdk

        tracing.configure(settings(sentry_dsn=SecretStr(f"http://public@{collector}/1")))
        try:
            password = "hunter2-hunter2"
            try:
                raise ValueError(f"refused password={password}")
            except ValueError as error:
                tracing.capture(error)
            await asyncio.to_thread(sentry_sdk.flush, 5)
        finally:
            await asyncio.to_thread(sentry_sdk.get_client().close)
            sentry_sdk.get_global_scope().set_client(None)
        import gzip

        bodies = [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for _, body in Collector.got]
        events = [json.loads(body.split(b"\n")[2]) for body in bodies]
        assert events[0]["exception"]["values"][0]["type"] == "ValueError"
        assert not any(password.encode() in body for body in bodies)
