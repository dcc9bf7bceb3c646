from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from etter_common import tracing
from etter_common.db import query_log
from etter_common.work_trace import SLOW_S, WorkTrace, traced

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED = f"00-{TRACE}-00f067aa0ba902b7-01".encode()
UNSAMPLED = f"00-{TRACE}-00f067aa0ba902b7-00".encode()


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """A provider that samples nothing by itself."""
    exporter = InMemorySpanExporter()
    provider = tracing.make_provider("sample", "test", ratio=0.0, exporter=exporter)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.shutdown()


def run(traceparent: bytes | None, *, status: int = 200, took_s: float = 0.01) -> WorkTrace:
    found = WorkTrace(traceparent)
    found.activate("GET sample")
    found.deactivate()
    if found.is_worth_keeping(failed=status >= 500, took_s=took_s):
        attributes = {"http.response.status_code": status}
        found.end("GET /things", failed=status >= 500, attributes=attributes, statements=[("SELECT things", 10, 20)])
    return found


def exported(spans: InMemorySpanExporter) -> dict[str, trace.SpanContext]:
    return {span.name: span.context for span in spans.get_finished_spans() if span.context}


class TestSampling:
    def test_what_is_not_sampled_leaves_no_span_but_has_ids(self, spans: InMemorySpanExporter) -> None:
        found = run(None)
        assert exported(spans) == {}
        assert found.traceparent.endswith("-00")
        assert found.trace_id

    @pytest.mark.parametrize(("status", "took_s", "why"), [(500, 0.01, "error"), (200, SLOW_S, "slow")])
    @pytest.mark.parametrize("traceparent", [None, UNSAMPLED])
    def test_errors_and_slow_requests_are_always_kept(
        self, spans: InMemorySpanExporter, traceparent: bytes | None, status: int, took_s: float, why: str
    ) -> None:
        found = run(traceparent, status=status, took_s=took_s)
        [kept] = [span for span in spans.get_finished_spans() if span.name == "GET /things"]
        assert kept.context is not None
        assert (kept.context.trace_id, kept.context.span_id) == (found.trace_id, found.span_id), "as in the logs"
        assert dict(kept.attributes or {})[tracing.KEPT] == why
        assert (kept.status.status_code is StatusCode.ERROR) == (status == 500)

    def test_a_sampled_caller_is_followed(self, spans: InMemorySpanExporter) -> None:
        run(SAMPLED)
        assert {f"{context.trace_id:032x}" for context in exported(spans).values()} == {TRACE}

    def test_statements_are_its_children(self, spans: InMemorySpanExporter) -> None:
        run(SAMPLED)
        by_name = {span.name: span for span in spans.get_finished_spans()}
        statement, request = by_name["SELECT things"], by_name["GET /things"]
        assert statement.parent is not None
        assert request.context is not None
        assert statement.parent.span_id == request.context.span_id
        assert (statement.start_time, statement.end_time) == (10, 20)


class TestIds:
    def test_the_running_trace_is_the_request_s(self, spans: InMemorySpanExporter) -> None:
        found = WorkTrace(UNSAMPLED)
        found.activate("GET sample")
        try:
            assert tracing.traceparent() == found.traceparent
            assert tracing.current_ids() == (int(TRACE, 16), found.span_id)
        finally:
            found.deactivate()
        assert tracing.traceparent() is None
        assert tracing.current_ids() is None

    def test_a_span_inside_belongs_to_it(self, spans: InMemorySpanExporter) -> None:
        with traced("handle thing", UNSAMPLED.decode()), tracing.span("inner"):
            assert (tracing.current_ids() or (0, 0))[0] == int(TRACE, 16)
        assert exported(spans) == {}, "and is no more sampled than it is"

    def test_inside_a_span_it_still_is_what_runs(self, spans: InMemorySpanExporter) -> None:
        with tracing.span("outer", headers={"traceparent": SAMPLED.decode().replace(TRACE, "ab" * 16)}):
            found = WorkTrace(UNSAMPLED)
            found.activate("GET sample")
            assert tracing.traceparent() == found.traceparent
            found.deactivate()
            assert (tracing.traceparent() or "").split("-")[1] == "ab" * 16

    def test_without_tracing_the_caller_s_trace_travels_on_unchanged(self) -> None:
        assert WorkTrace(SAMPLED).traceparent == SAMPLED.decode()

    @pytest.mark.parametrize("given", [b"", b"garbage", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", SAMPLED[:-1]])
    def test_a_malformed_one_begins_a_new_trace(self, given: bytes) -> None:
        assert f"{WorkTrace(given).trace_id:032x}" != TRACE


class TestTraced:
    """Messages and jobs."""

    def test_it_is_a_part_of_the_trace_it_came_from(self, spans: InMemorySpanExporter) -> None:
        with traced("handle thing", SAMPLED.decode()):
            inner = tracing.traceparent()
        [(name, context)] = exported(spans).items()
        assert (name, f"{context.trace_id:032x}") == ("handle thing", TRACE)
        assert inner == f"00-{TRACE}-{context.span_id:016x}-01", "what it sends on names its span"

    def test_its_statements_are_its_children(self, spans: InMemorySpanExporter) -> None:
        with traced("handle thing", SAMPLED.decode()):
            log = query_log.current()
            assert log is not None
            log.add("SELECT id FROM things", 10, 20)
        assert set(exported(spans)) == {"handle thing", "SELECT things"}

    def test_what_is_not_sampled_leaves_no_span(self, spans: InMemorySpanExporter) -> None:
        with traced("handle thing", UNSAMPLED.decode()):
            pass
        assert exported(spans) == {}

    def test_an_exception_keeps_it(self, spans: InMemorySpanExporter) -> None:
        with pytest.raises(LookupError), traced("handle thing", UNSAMPLED.decode()):
            raise LookupError("gone")
        [kept] = spans.get_finished_spans()
        assert kept.status.status_code is StatusCode.ERROR
        assert dict(kept.attributes or {})[tracing.KEPT] == "error"

    def test_a_failure_that_is_not_raised_keeps_it_too(self, spans: InMemorySpanExporter) -> None:
        with traced("job thing", None) as outcome:
            outcome.failed = True
        assert set(exported(spans)) == {"job thing"}
