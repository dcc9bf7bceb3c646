"""The trace of one piece of work, a request, a message or a job: its ids at once, its spans only if it is kept.

Most work is not sampled. It gets ids, which stand in the logs and travel on with events, for the price of two random
numbers; spans are made when the coin fell for it, or afterwards when it failed or was slow.
"""

from __future__ import annotations

import random
import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import Token
from typing import TYPE_CHECKING, Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags

from etter_common import tracing
from etter_common.clock import epoch_ns, monotonic
from etter_common.db import query_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from etter_common.tracing import Timing

SLOW_S: Final = 1.0
"""Work that took this long is kept whatever the sampling says, like work that failed."""

_W3C: Final = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_UNSAMPLED: Final = TraceFlags(TraceFlags.DEFAULT)


class Outcome:
    """How a piece of work ended."""

    failed = False


class WorkTrace:
    """Made, `activate`d, `end`ed; a request that is answered at once may leave the middle out."""

    __slots__ = ("_ambient", "_began_ns", "_kind", "_parent", "_span", "_token", "is_sampled", "span_id", "trace_id")

    def __init__(self, traceparent: bytes | None, kind: SpanKind = SpanKind.SERVER) -> None:
        self._kind = kind
        self._span: Span | None = None
        self._token: Token[Context] | None = None
        self._ambient: Token[tracing.Ambient | None] | None = None
        self._parent: SpanContext | None = None
        self._began_ns = epoch_ns()
        match = _W3C.fullmatch(traceparent) if traceparent else None
        if match is None or not self._follow(match):
            self.trace_id = random.getrandbits(128) or 1
            self.span_id = random.getrandbits(64) or 1
            self.is_sampled = tracing.samples(self.trace_id)

    @property
    def traceparent(self) -> str:
        """What an event or an outgoing call carries on (W3C Trace Context §3.2)."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{'01' if self.is_sampled else '00'}"

    def context(self) -> Context:
        """What a span or a message that belongs to this work has for its parent."""
        flags = _SAMPLED if self.is_sampled else _UNSAMPLED
        ids = SpanContext(self.trace_id, self.span_id, is_remote=False, trace_flags=flags)
        return trace.set_span_in_context(NonRecordingSpan(ids), Context())

    def activate(self, name: str) -> None:
        """Make it the running trace of this task: inner spans, log lines and outgoing calls belong to it."""
        if self.is_sampled and tracing.is_on():
            self._span = self._start(name, kept=None)
            self.span_id = self._span.get_span_context().span_id
            self._token = otel_context.attach(trace.set_span_in_context(self._span, Context()))
            return
        self._ambient = tracing.enter(self)
        if self._ambient is None:
            self._token = otel_context.attach(self.context())

    def deactivate(self) -> None:
        if self._ambient is not None:
            tracing.leave(self._ambient)
        if self._token is not None:
            otel_context.detach(self._token)
        self._ambient = self._token = None

    def is_worth_keeping(self, *, failed: bool, took_s: float) -> bool:
        """Whether there is anything to `end`: a span, or a reason to make one now."""
        return self._span is not None or ((failed or took_s >= SLOW_S) and tracing.is_on())

    def end(
        self, name: str, *, failed: bool, attributes: Mapping[str, int | float], statements: Iterable[Timing] = ()
    ) -> None:
        """Close the span, made now if only its end is a reason to keep it."""
        span = self._span or self._start(name, kept="error" if failed else "slow")
        span.update_name(name)
        span.set_attributes(attributes)
        if failed:
            span.set_status(StatusCode.ERROR)
        tracing.add_statements(span, statements)
        span.end()

    def _follow(self, match: re.Match[bytes]) -> bool:
        """Belong to the caller's trace, unless its ids are the invalid zeros."""
        trace_id, parent_id = int(match[1], 16), int(match[2], 16)
        if not trace_id or not parent_id:
            return False
        self.is_sampled = bool(int(match[3], 16) & TraceFlags.SAMPLED)
        flags = _SAMPLED if self.is_sampled else _UNSAMPLED
        self._parent = SpanContext(trace_id, parent_id, is_remote=True, trace_flags=flags)
        self.trace_id = trace_id
        self.span_id = random.getrandbits(64) or 1 if tracing.is_on() else parent_id
        return True

    def _start(self, name: str, *, kept: str | None) -> Span:
        parent = trace.set_span_in_context(NonRecordingSpan(self._parent), Context()) if self._parent else Context()
        attributes = {tracing.KEPT: kept} if kept else {}
        with tracing.ids(self.trace_id, self.span_id):
            return tracing.tracer().start_span(
                name, context=parent, kind=self._kind, attributes=attributes, start_time=self._began_ns
            )


@contextmanager
def traced(name: str, traceparent: str | None) -> Generator[Outcome]:
    """A message's or a job's work as a part of the trace it came from, with its statements.

    It has failed when an exception leaves the block, or when `failed` was set on what the block is given.
    """
    trace_of_work, outcome = WorkTrace(traceparent.encode() if traceparent else None, SpanKind.CONSUMER), Outcome()
    started = monotonic()
    queries, token = query_log.begin()
    trace_of_work.activate(name)
    try:
        yield outcome
    except Exception:
        outcome.failed = True
        raise
    finally:
        trace_of_work.deactivate()
        query_log.end(token)
        if trace_of_work.is_worth_keeping(failed=outcome.failed, took_s=monotonic() - started):
            trace_of_work.end(name, failed=outcome.failed, attributes={}, statements=queries.timings())
