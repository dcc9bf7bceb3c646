"""uvicorn's protocol with four things added: a bound on what precedes a body, answers that need no task, heads that are
not parsed twice, and an end that closes no connection on which a request is on its way.

`uvicorn --http etter_common.server:Protocol`. Under another server everything works the same: heads are bounded by
that server, and answers at hand go out through ASGI at some more cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from etter_common import outgoing
from etter_common.clock import monotonic
from etter_common.errors import AppError, BadRequest, HeadersTooLarge
from etter_common.request_state import ARRIVED, MAX_HEAD_BYTES, OVERSIZED

if TYPE_CHECKING:
    from starlette.types import Scope
    from uvicorn._types import ASGI3Application

    from etter_common.known_heads import KnownHeads

_COPIED_BYTES: Final = 16 * 1024
"""A body below this is copied behind its head; to hand both over costs more than that."""
FRESH_S: Final = 1.0
"""How long a connection that has not asked anything yet may still do so when the server ends."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: uvicorn's own signature, passed on
        super().__init__(*args, **kwargs)
        self._head_bytes = 0  # at most so many bytes of the head have come
        self._before_head = 0  # of them, so many may belong to the request before
        self._at_hand = 0  # bytes that came last
        self._is_head = self._is_between = True
        self._has_asked = self._is_ending = False
        self._answer_now = getattr(self.app, "answer_now", None)
        self._known_heads: KnownHeads | None = getattr(self.app, "known_heads", None)
        self._ended = 0  # requests that ended in the bytes at hand
        self._answered: Scope | None = None  # the last of them that was answered at hand
        self._needs_route = False
        self._kept_alive_at = 0.0  # when the last known head came, on the monotonic clock

    def data_received(self, data: bytes) -> None:
        known = self._known_heads if self._is_between and self._is_free else None
        if known is not None and (scope := known.get(data)) is not None and self._answer_again(scope):
            return
        self._at_hand = len(data)
        if self._is_head:
            self._head_bytes += len(data)
        self._ended, self._answered = 0, None
        super().data_received(data)
        if self._is_head and self._head_bytes - self._before_head > MAX_HEAD_BYTES:
            self._refuse(HeadersTooLarge(f"at most {MAX_HEAD_BYTES} bytes", max_bytes=MAX_HEAD_BYTES))
        elif known is not None:
            self._learn(known, data)

    def _learn(self, known: KnownHeads, data: bytes) -> None:
        """These bytes, if they were one whole request that was answered at hand."""
        if self._answered is not None and self._is_between and self._ended == 1:
            known.learn(data, self._answered)

    @property
    def _is_free(self) -> bool:
        """Whether the next answer may go out as soon as it is there."""
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is None or cycle.response_complete
        return is_answered and not (self.pipeline or self.flow.write_paused or self._is_ending)

    def _answer_again(self, scope: Scope) -> bool:
        """Whether it was answered; if not, it is parsed like any other and takes the way through the route."""
        assert self._answer_now is not None  # noqa: S101 - nothing is learnt without it
        arrived = monotonic()
        answer = self._answer_now({**scope, "client": self.client, "server": self.server, ARRIVED: arrived})
        if answer is None:
            self._needs_route = True
            return False
        self._has_asked = True
        self._write(answer, keep_alive=True)
        self.server_state.total_requests += 1
        self._kept_alive_at = arrived
        if self.timeout_keep_alive_task is None:
            self._keep_alive(self.timeout_keep_alive)
        return True

    def timeout_keep_alive_handler(self) -> None:
        """The timer is not set anew for each head that is known: it looks when the last one came."""
        left_s = self._kept_alive_at + self.timeout_keep_alive - monotonic()
        if left_s > 0:
            self._keep_alive(left_s)
        else:
            super().timeout_keep_alive_handler()

    def _keep_alive(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

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

    def on_message_begin(self) -> None:
        self._is_between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_head, self._has_asked = False, True
        scope = cast("Scope", self.scope)
        scope[ARRIVED] = monotonic()
        if self._head_bytes > MAX_HEAD_BYTES and self._head_size() > MAX_HEAD_BYTES:
            scope[OVERSIZED] = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_head, self._is_between = True, True
        self._head_bytes = self._before_head = self._at_hand
        self._ended += 1
        super().on_message_complete()

    def _head_size(self) -> int:
        """Bytes of the head that has come, whatever came with it."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._is_ending:
            cycle.keep_alive = False
        needs_route, self._needs_route = self._needs_route, False
        if needs_route or self._answer_now is None or app is not self.app or self.flow.write_paused:
            super()._start_asgi_task(cycle, app)
            return
        answer = self._answer_now(cycle.scope)
        if answer is None:
            super()._start_asgi_task(cycle, app)
            return
        cycle.response_started = cycle.response_complete = True
        self._answered = cast("Scope", cycle.scope) if cycle.keep_alive else None
        self._write(answer, keep_alive=cycle.keep_alive)
        if self.pipeline:  # not from here: each of them would be a level deeper
            self.loop.call_soon(cycle.on_response)
        else:
            cycle.on_response()

    def _write(self, answer: tuple[bytes, bytes], *, keep_alive: bool) -> None:
        head, body = answer
        for header in self.server_state.default_headers:
            head += b"%s: %s\r\n" % header
        if not keep_alive:
            head += b"connection: close\r\n"
        if len(body) < _COPIED_BYTES:
            self.transport.write(b"%s\r\n%s" % (head, body))
        else:
            self.transport.writelines((head + b"\r\n", body))
        if not keep_alive:
            self.transport.close()
