"""Server-Sent Events (WHATWG HTML §9.2): framing, and a response that ends when it should.

A source is an async generator; the stream adds heartbeats, and closes it when the client goes, when the
process drains, when the source ends, or when the caller may no longer read it. A source outlives the request's
transaction: it opens and closes its own session.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from etter_common import metrics
from etter_common.errors import AppError
from etter_common.events.supervisor import stop
from etter_common.logging import get_logger
from etter_common.server_event import ServerEvent as ServerEvent

if TYPE_CHECKING:
    from etter_common.request_state import RequestState

HEARTBEAT_S: Final = 15.0
RETRY_MS: Final = 2_000
PERMIT_CHECK_S: Final = 0.5
"""How often an open stream looks whether its caller would still be let in."""
MAX_LAST_EVENT_ID: Final = 200

_HEARTBEAT: Final = b": heartbeat\n\n"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # a buffering proxy would hold progress back
}
_EVENT: Final = {
    "type": "object",
    "description": "each event",
    "properties": {
        "event": {"type": "string", "description": "its name"},
        "id": {"type": "string", "description": "goes back in `Last-Event-ID`"},
        "data": {"type": "string", "description": "JSON"},
    },
    "required": ["data"],
}
_log = get_logger(__name__)

Source = Callable[[str | None], AsyncGenerator[ServerEvent, None]]
StillPermitted = Callable[[], Awaitable[None]]


def documented_stream(description: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's responses of a route that streams events, besides its errors."""
    return {
        200: {"content": {"text/event-stream": {"schema": _EVENT}}, "description": description},
        204: {"description": "`Last-Event-ID` is the last event's, so there is nothing to come: do not connect again"},
    }


def event_stream(
    source: Source,
    *,
    last_event_id: str | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    retry_ms: int = RETRY_MS,
    closing: asyncio.Event | None = None,
) -> EventStream:
    """Stream `source(last_event_id)`, which yields what comes after that id.

    `closing` (a HealthRegistry's `draining`) ends the stream; the client comes back after `retry_ms` and
    goes on where it was, on another replica. So does the end of what let the caller in: the access token has expired,
    its session has ended, the API key was revoked or the permission is gone (`RequestState.still_permitted`). An id
    longer than 200 characters or with control characters is not one of ours and counts as none.
    """
    return EventStream(source(_well_formed(last_event_id)), heartbeat_s=heartbeat_s, retry_ms=retry_ms, closing=closing)


def _well_formed(last_event_id: str | None) -> str | None:
    if last_event_id and len(last_event_id) <= MAX_LAST_EVENT_ID and last_event_id.isprintable():
        return last_event_id
    return None


class EventStream(Response):
    """The response; the source is closed before it returns, whatever ended it."""

    def __init__(
        self,
        events: AsyncGenerator[ServerEvent, None],
        *,
        heartbeat_s: float,
        retry_ms: int,
        closing: asyncio.Event | None,
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers(_HEADERS)
        self._events = events
        self._heartbeat_s = heartbeat_s
        self._retry_ms = retry_ms
        self._closing = closing or asyncio.Event()
        self._following: asyncio.Task[ServerEvent] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state: RequestState | None = scope.get("etter")
        metrics.SSE_STREAMS.inc()
        try:
            await self._stream(receive, send, state.still_permitted if state else None)
        finally:
            metrics.SSE_STREAMS.dec()

    async def _stream(self, receive: Receive, send: Send, still_permitted: StillPermitted | None) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _write(send, f"retry: {self._retry_ms}\n\n".encode())
        pump = asyncio.create_task(self._pump(send))
        gone = asyncio.create_task(_disconnected(receive))
        refused = asyncio.create_task(_refused(still_permitted))
        ends = (pump, gone, refused, asyncio.create_task(self._closing.wait()))
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            is_gone = gone.done()
        finally:
            await stop(*ends)
            if self._following is not None:
                await stop(self._following)
            await self._events.aclose()
        if not is_gone:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        """Events as they come, and a comment whenever `heartbeat_s` passed without one."""
        try:
            while True:
                following = self._following = self._following or asyncio.create_task(_next(self._events))
                done, _ = await asyncio.wait({following}, timeout=self._heartbeat_s)
                if done:
                    self._following = None
                    await _write(send, following.result().encode())
                else:
                    await _write(send, _HEARTBEAT)
        except (StopAsyncIteration, OSError):  # the source's end, or the connection's
            return
        except Exception:  # the headers are out: the client can only be told by ending, and comes back
            _log.exception("event_stream_failed")


async def _next(events: AsyncGenerator[ServerEvent]) -> ServerEvent:
    return await anext(events)


async def _write(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _refused(still_permitted: StillPermitted | None) -> None:
    """Return once the caller would be refused; never for a stream that anybody may read."""
    while True:
        await asyncio.sleep(PERMIT_CHECK_S)
        try:
            if still_permitted is not None:
                await still_permitted()
        except AppError:
            return
        except Exception:  # who cannot be asked about is not let in either
            _log.exception("event_stream_permit_failed")
            return


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
