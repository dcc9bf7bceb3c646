"""uvicorn's protocol with three things added: a bound on what precedes a body, answers that need no task, and an end
that closes no connection on which a request is on its way.

`uvicorn --http etter_common.server:Protocol`. Under another server everything works the same: heads are bounded by
that server, and answers at hand go out through ASGI at some more cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from etter_common import outgoing
from etter_common.clock import monotonic
from etter_common.errors import AppError, BadRequest, HeadersTooLarge
from etter_common.request_state import ARRIVED

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

MAX_HEAD_BYTES: Final = 64 * 1024
FRESH_S: Final = 1.0
"""How long a connection that has not asked anything yet may still do so when the server ends."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: uvicorn's own signature, passed on
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._is_head = True
        self._has_asked = self._is_ending = False
        self._answer_now = getattr(self.app, "answer_now", None)

    def data_received(self, data: bytes) -> None:
        if self._is_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HeadersTooLarge(f"at most {MAX_HEAD_BYTES} bytes", max_bytes=MAX_HEAD_BYTES))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        self._refuse(BadRequest("this is not a valid HTTP request"))

    def _refuse(self, error: AppError) -> None:
        """A problem in answer to what never became a request; nothing more is read."""
        self.transport.write(outgoing.refusal(error))
        self.transport.close()

    def shutdown(self) -> None:
        """Who has just connected is about to ask, and to close then would lose a write; the answer says it closes."""
        self._is_ending = True
        if self._has_asked:
            super().shutdown()
        else:
            self.loop.call_later(FRESH_S, self._close_unless_asked)

    def _close_unless_asked(self) -> None:
        if not self._has_asked:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._is_head, self._has_asked = False, True
        self.scope[ARRIVED] = monotonic()  # type: ignore[typeddict-unknown-key]  # ours, in its dictionary
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_head, self._head_bytes = True, 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._is_ending:
            cycle.keep_alive = False
        if self._answer_now is None or app is not self.app or self.flow.write_paused:
            super()._start_asgi_task(cycle, app)
            return
        answer = self._answer_now(cycle.scope)
        if answer is None:
            super()._start_asgi_task(cycle, app)
            return
        cycle.response_started = cycle.response_complete = True
        head = [answer[0], *(b"%s: %s\r\n" % header for header in cycle.default_headers)]
        if not cycle.keep_alive:
            head.append(b"connection: close\r\n")
        self.transport.write(b"".join([*head, b"\r\n", answer[1]]))
        if not cycle.keep_alive:
            self.transport.close()
        if self.pipeline:  # not from here: each of them would be a level deeper
            self.loop.call_soon(cycle.on_response)
        else:
            cycle.on_response()
