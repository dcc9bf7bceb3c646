"""Traces by OpenTelemetry and errors by Sentry: each only where its address is given, next to free where not.

Without an endpoint no span is made, but a caller's `traceparent` still travels on, through NATS too, and its
trace id still stands in the logs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

import sentry_sdk
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from etter_common.redaction import scrub

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

    from etter_common.settings import ServiceSettings


class Ambient(Protocol):
    """The trace of work that has no span: most work, as most is not sampled."""

    trace_id: int
    span_id: int

    @property
    def traceparent(self) -> str: ...
    def context(self) -> Context: ...


Kind = Literal["internal", "server", "client", "producer", "consumer"]
Timing = tuple[str, int, int]
"""One statement: `SELECT roles`, began and ended in ns since 1970."""

KEPT: Final = "etter.kept"
"""Attribute of a span that sampling would have dropped: `error` or `slow` says why it is there."""

_KINDS: Final = {kind.name.lower(): kind for kind in SpanKind}
_EXPORT_TIMEOUT_S: Final = 3.0
_TRACES_PATH: Final = "/v1/traces"
_LOW_64: Final = (1 << 64) - 1
_w3c: Final = TraceContextTextMapPropagator()
_ambient: ContextVar[Ambient | None] = ContextVar("ambient_trace", default=None)
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def configure(settings: ServiceSettings) -> None:
    """Set up for this process what the settings name; call it once."""
    if settings.otlp_endpoint:
        use(
            make_provider(
                settings.service,
                settings.environment,
                ratio=settings.trace_sample_ratio,
                exporter=_otlp(settings.otlp_endpoint),
            )
        )
    if settings.sentry_dsn:
        _start_sentry(settings.sentry_dsn.get_secret_value(), settings.service, settings.environment)


def make_provider(service: str, environment: str, *, ratio: float, exporter: SpanExporter) -> TracerProvider:
    """A provider that follows the caller's sampling decision and samples `ratio` of what begins here."""
    provider = TracerProvider(
        sampler=_Sampler(ratio),
        id_generator=_Ids(),
        resource=Resource.create({"service.name": f"etter-{service}", "deployment.environment.name": environment}),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def use(provider: TracerProvider | None) -> None:
    """Make spans with this provider from now on; None turns them off."""
    global _provider, _tracer
    _provider = provider
    _tracer = provider.get_tracer("etter") if provider else None


def is_on() -> bool:
    return _tracer is not None


def tracer() -> Tracer:
    """The tracer, while `is_on`."""
    assert _tracer is not None  # noqa: S101 - callers ask `is_on` first
    return _tracer


def samples(trace_id: int) -> bool:
    """Whether a trace that begins here is sampled; by its id, as the SDK's sampler decides."""
    if _provider is None:
        return False
    sampler = _provider.sampler
    return trace_id & _LOW_64 < sampler.bound if isinstance(sampler, _Sampler) else True


@contextmanager
def ids(trace_id: int, span_id: int) -> Generator[None]:
    """The next span that begins a trace inside the block, and its trace, have these ids."""
    generator = _provider.id_generator if _provider else None
    if not isinstance(generator, _Ids):
        yield
        return
    generator.given = (trace_id, span_id)
    try:
        yield
    finally:
        generator.given = None


def add_statements(span: Span, statements: Iterable[Timing]) -> None:
    """A child span for each statement, made from what was measured."""
    if not span.is_recording():
        return
    context = trace.set_span_in_context(span, Context())
    for name, began_ns, ended_ns in statements:
        child = tracer().start_span(
            name, context=context, kind=SpanKind.CLIENT, start_time=began_ns,
            attributes={"db.system.name": "postgresql"},
        )  # fmt: skip
        child.end(end_time=ended_ns)


class _Sampler(ParentBased):
    """The caller's decision, else a share of all traces; and whatever is marked as kept."""

    def __init__(self, ratio: float) -> None:
        super().__init__(TraceIdRatioBased(ratio))
        self.bound = TraceIdRatioBased.get_bound_for_rate(ratio)

    def should_sample(
        self, parent_context: Context | None, trace_id: int, name: str, kind: SpanKind | None = None,
        attributes: Mapping[str, Any] | None = None, *rest: Any,
    ) -> SamplingResult:  # fmt: skip  # Any: the SDK's own types, passed on
        if attributes and KEPT in attributes:
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        return super().should_sample(parent_context, trace_id, name, kind, attributes, *rest)


class _Ids(RandomIdGenerator):
    """Random ids, or those that were announced before their span was made."""

    given: tuple[int, int] | None = None

    def generate_trace_id(self) -> int:
        return self.given[0] if self.given else int(super().generate_trace_id())

    def generate_span_id(self) -> int:
        return self.given[1] if self.given else int(super().generate_span_id())


def shutdown() -> None:
    """Send what is waiting and stop; may block for some seconds when nobody answers, so call it last."""
    if _provider:
        _provider.shutdown()
    use(None)


@contextmanager
def span(
    name: str,
    *,
    headers: Mapping[str, str] | None = None,
    kind: Kind = "internal",
    attributes: Mapping[str, str | int | float | bool] | None = None,
) -> Generator[Span]:
    """A span around the block; `headers` of a request or message make it a part of the caller's trace.

    An exception that leaves the block marks it as failed.
    """
    parent = extract(headers) if headers else None
    parent = parent or _ambient_context()
    if _tracer is None:
        with _passed_on(parent):
            yield INVALID_SPAN
        return
    with _tracer.start_as_current_span(name, context=parent, kind=_KINDS[kind], attributes=attributes) as current:
        yield current


def extract(headers: Mapping[str, str]) -> Context | None:
    """The trace a request or message belongs to, if its headers name one."""
    if "traceparent" not in headers:
        return None
    return _w3c.extract(headers, context=Context())


def enter(work: Ambient) -> Token[Ambient | None] | None:
    """Make `work` the running trace of this task, at the price of a variable; None inside a span, where it would hide.

    Undone by `leave`.
    """
    return None if trace.get_current_span().get_span_context().is_valid else _ambient.set(work)


def leave(token: Token[Ambient | None]) -> None:
    _ambient.reset(token)


def current_ids() -> tuple[int, int] | None:
    """Trace and span id of what runs."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return context.trace_id, context.span_id
    work = _ambient.get()
    return (work.trace_id, work.span_id) if work is not None else None


def inject(headers: MutableMapping[str, str]) -> None:
    """Write the running trace into the headers of an outgoing request or message."""
    _w3c.inject(headers, context=_ambient_context())


def traceparent() -> str | None:
    """The running trace as one line, to be kept with an event or a job."""
    headers: dict[str, str] = {}
    inject(headers)
    return headers.get("traceparent")


def _ambient_context() -> Context | None:
    """Of the running work that has no span; None where a span runs, which then counts, or nothing does."""
    work = _ambient.get()
    if work is None or trace.get_current_span().get_span_context().is_valid:
        return None
    return work.context()


def capture(error: BaseException) -> None:
    """Report an unexpected error: on the running span, and to Sentry where it is set up."""
    current = trace.get_current_span()
    if current.is_recording():
        current.record_exception(error)
        current.set_status(trace.StatusCode.ERROR, type(error).__name__)
    if sentry_sdk.is_initialized():
        sentry_sdk.capture_exception(error)


@contextmanager
def _passed_on(parent: Context | None) -> Generator[None]:
    if parent is None:
        yield
        return
    token = otel_context.attach(parent)
    try:
        yield
    finally:
        otel_context.detach(token)


def _otlp(endpoint: str) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    base = endpoint.rstrip("/")
    address = base if base.endswith(_TRACES_PATH) else base + _TRACES_PATH
    return OTLPSpanExporter(endpoint=address, timeout=_EXPORT_TIMEOUT_S)


def _start_sentry(dsn: str, service: str, environment: str) -> None:
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        server_name=f"etter-{service}",
        # the framework integrations cost more than the whole of ours; errors come from `capture`
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        before_send=_scrubbed,
    )


def _scrubbed(event: Event, _: Hint) -> Event:
    return cast("Event", scrub(cast("dict[str, Any]", event)))  # Any: Sentry's own open structure
