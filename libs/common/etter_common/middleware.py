"""The one ASGI layer around every request: ids, limits, deadline, transaction end, ETag, compression, log, metrics.

One pure-ASGI layer costs a fraction of a stack of them, and the order of its steps is readable in one place. A GET
whose answer is at hand goes out before the router (`shortcut`); any other request's transaction ends here, after the
route function has returned and before the first byte leaves (`outgoing`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from etter_common import ingress, logging, metrics, outgoing, tracing
from etter_common.clock import monotonic
from etter_common.cors import Cors
from etter_common.db import query_log
from etter_common.db.session import translated
from etter_common.deadline import Deadline, Deadlines
from etter_common.errors import AppError, BadRequest, DeadlineExceeded, HeadersTooLarge, UnsupportedMediaType
from etter_common.health import HEALTH_PATHS
from etter_common.incoming import Incoming
from etter_common.networks import Networks
from etter_common.outgoing import Outgoing
from etter_common.overload import Gate, Place
from etter_common.redaction import is_secret_name, redact_text
from etter_common.request_state import MAX_HEAD_BYTES, MAX_HEADERS, OVERSIZED, RequestState
from etter_common.shortcut import Shortcut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

    from etter_common.outgoing import Answer
    from etter_common.settings import ServiceSettings

log = logging.get_logger("etter.access")
MAX_TARGET_BYTES: Final = 32 * 1024


class PlatformMiddleware:
    """Wraps the whole application; `body_limits` maps a path's end to a limit of its own, in bytes."""

    def __init__(
        self, app: ASGIApp, *, settings: ServiceSettings, handlers: Mapping[Any, ExceptionHandler],
        body_limits: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        self._app = app
        self._settings = settings
        by_status: dict[int, ExceptionHandler] = {}
        self._handlers = dict(handlers), by_status  # where Starlette's routes look for them
        self._limits = tuple((body_limits or {}).items())
        self._proxies = Networks(settings.trusted_proxies)
        self._shortcut = Shortcut()
        self._cors = Cors(settings.cors_origins)
        self._deadlines = Deadlines(settings.request_timeout_s)
        self.gate = Gate(
            concurrency=settings.max_concurrency, queue=settings.max_queue, wait_s=settings.queue_timeout_s,
            per_caller=settings.max_concurrency_per_caller,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in HEALTH_PATHS:  # neither limited nor logged, and not part of the API
            await scope["app"].state.health(scope, receive, send)
            return
        state = scope.get("etter") or self._state(scope)
        try:
            if (error := ingress.problem_of(scope)) is not None:
                await Outgoing(scope, state, send).send_problem(error)
                return
            answer = await self._at_hand(scope, state)
            if answer is not None:
                await outgoing.send(answer, state, send, bodiless=scope["method"] == "HEAD")
            else:
                await self._serve(scope, receive, Outgoing(scope, state, send))
        finally:
            self._record(scope, state)

    def _state(self, scope: Scope) -> RequestState:
        state = RequestState(scope, self._proxies)
        if self._cors:
            state.cors = self._cors.headers(state.given.get(b"origin"))
        return state

    async def _at_hand(self, scope: Scope, state: RequestState) -> Answer | None:
        """The answer that needs no route. It only saves work: what breaks here is left to the route."""
        try:
            if self._cors and scope["method"] == "OPTIONS" and b"access-control-request-method" in state.given:
                return self._cors.preflight(state.given.get(b"origin"))
            found = None if state.needs_route else self._shortcut.find(scope, state)
            if found is None and state.recall is not None:
                found = await self._shortcut.recall(state.recall, state)
            return found.answer if found and await self._shortcut.is_permitted(found, state) else None
        except Exception as error:
            _shortcut_failed(error)
            return None

    def answer_now(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """Head and body of an answer that is at hand, already recorded; `None` leaves the request to the call above.

        For a server that can write it without a task for the request (`server`).
        """
        state = scope["etter"] = self._state(scope)
        try:
            found = self._shortcut.find(scope, state)
            state.needs_route = found is None
            if found is None or not self._shortcut.is_permitted_now(found, state):
                return None
        except Exception as error:
            _shortcut_failed(error)
            state.needs_route = True
            return None
        head = outgoing.head_bytes(found.answer, state)
        self._record(scope, state)
        return head, b"" if scope["method"] == "HEAD" else found.answer.body

    async def _serve(self, scope: Scope, receive: Receive, out: Outgoing) -> None:
        """The way through the router."""
        state = out.state
        scope["etter"] = state
        scope["starlette.exception_handlers"] = self._handlers
        ids = logging.set_ids(state.ids)
        state.queries, log_token = query_log.begin()
        state.trace.activate(f"{scope['method']} {self._settings.service}")
        state.gate, state.place = self.gate, Place(self.gate)
        place = state.place
        metrics.IN_FLIGHT.count += 1
        try:
            await self._answer(scope, receive, out, place)
        finally:
            place.leave()
            state.let_go()
            metrics.IN_FLIGHT.count -= 1
            state.trace.deactivate()
            query_log.end(log_token)
            logging.reset_ids(ids)

    async def _answer(self, scope: Scope, receive: Receive, out: Outgoing, place: Place) -> None:
        deadline: Deadline | None = None
        try:
            _check_head(scope, out.state)
            received = self._incoming(scope, receive, out.state, place)
            await self._take_place(out.state, place, received)
            deadline = self._deadlines.begin()
            out.on_stream = lambda: _open_ended(deadline, place)
            await self._app(scope, received, out.send)
            if out.state.found is not None:
                self._shortcut.learn(scope, out.state, _loggable_path(scope, out.state))
        except asyncio.CancelledError:
            if deadline is None or not deadline.caused():
                await _abandon(out.state)
                raise
            await self._broke(out, DeadlineExceeded())
        except TimeoutError:
            await self._broke(out, DeadlineExceeded())
        except Exception as error:
            await self._broke(out, error)
        finally:
            if deadline is not None:
                deadline.end()

    async def _take_place(self, state: RequestState, place: Place, received: Receive) -> None:
        try:
            self.gate.refuse_late(state.started)
            await place.take()
        except AppError:
            if isinstance(received, Incoming):
                await received.discard()
            raise

    async def _broke(self, out: Outgoing, error: Exception) -> None:
        if out.begun:
            raise error
        known = translated(error)
        if not isinstance(known, AppError):
            log.exception("request_failed")
            tracing.capture(error)
        await self._fail(out, known if isinstance(known, AppError) else AppError(), cause=error)

    async def _fail(self, out: Outgoing, error: AppError, *, cause: BaseException | None = None) -> None:
        out.state.error = cause or error
        await out.send_problem(error)

    def _incoming(self, scope: Scope, receive: Receive, state: RequestState, place: Place) -> Receive:
        declared = state.given.get(b"content-length")
        if not declared and b"transfer-encoding" not in state.given:
            return receive
        if declared and not declared.isdigit():
            raise BadRequest("Content-Length is not a number")
        state.incoming = Incoming(
            receive,
            place=place,
            limit=next((n for end, n in self._limits if scope["path"].endswith(end)), self._settings.max_body_bytes),
            declared=int(declared or 0),
            is_json=b"json" in state.given.get(b"content-type", b"").lower(),  # at least what the framework parses
            idle_s=self._settings.body_idle_timeout_s,
        )
        return state.incoming

    def _record(self, scope: Scope, state: RequestState) -> None:
        took_s = monotonic() - state.started
        method, principal, trace = scope["method"], state.principal, state.trace
        metrics.observe_request(method, state.route, state.status, took_s)
        queries = state.queries
        if queries is not None and state.route is not None:
            metrics.observe_queries(state.route, queries.count)
        failed = state.status >= 500
        if trace.is_worth_keeping(failed=failed, took_s=took_s):
            name = f"{method} {state.route or metrics.UNMATCHED}"
            attributes = {"http.response.status_code": state.status, "http.server.request.duration": took_s}
            trace.end(name, failed=failed, attributes=attributes, statements=queries.timings() if queries else ())
        logging.access(
            logging.Access(
                method=method,
                path=state.path or _loggable_path(scope, state),
                status=state.status,
                duration_ms=int(took_s * 100_000) / 100,
                route=state.route,
                request_id=state.request_id,
                trace_id=f"{trace.trace_id:032x}",
                client_ip=state.client_ip,
                company_id=principal.company if principal else None,
                user_id=principal.user if principal else None,
                api_key_id=principal.api_key if principal else None,
            )
        )


def _shortcut_failed(error: Exception) -> None:
    log.exception("shortcut_failed")
    tracing.capture(error)


def _open_ended(deadline: Deadline, place: Place) -> None:
    """A stream lives as long as its reader likes and works only now and then."""
    deadline.end()
    place.leave()


def _check_head(scope: Scope, state: RequestState) -> None:
    if len(scope["headers"]) > MAX_HEADERS:
        raise HeadersTooLarge(f"at most {MAX_HEADERS} headers", max_headers=MAX_HEADERS)
    if OVERSIZED in scope:
        raise HeadersTooLarge(f"at most {MAX_HEAD_BYTES} bytes", max_bytes=MAX_HEAD_BYTES)
    if len(scope["path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
        raise HeadersTooLarge(f"at most {MAX_TARGET_BYTES} bytes of path and query", max_bytes=MAX_TARGET_BYTES)
    if b"content-encoding" in state.given and _codings(scope) - {b"identity"}:  # RFC 9110 §12.5.3
        raise UnsupportedMediaType("send the body without a Content-Encoding", headers={"Accept-Encoding": "identity"})


def _codings(scope: Scope) -> set[bytes]:
    given = [value for name, value in scope["headers"] if name == b"content-encoding"]
    return {coding.strip() for coding in b",".join(given).lower().split(b",")} - {b""}


async def _abandon(state: RequestState) -> None:
    """The client has gone or the process ends: nothing was promised, so nothing is kept."""
    if state.context is not None:
        await asyncio.shield(state.context.finish(asyncio.CancelledError()))


def _loggable_path(scope: Scope, state: RequestState) -> str:
    """The path, or its template where a part of it is a secret (the token of an invitation)."""
    if any(is_secret_name(name) for name in scope.get("path_params", ())):
        return state.route or "[redacted]"
    return redact_text(scope["path"], limit=500)
