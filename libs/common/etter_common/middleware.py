"""The one ASGI layer around every request: id, limits, deadline, transaction end, ETag, compression, log, metrics.

One pure-ASGI layer costs a fraction of a stack of them, and the order of its steps is readable in one place.
The request's transaction ends here, after the route function has returned and before the first byte leaves.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import structlog

from etter_common import metrics, tracing
from etter_common.clock import monotonic
from etter_common.context import Context, Origin
from etter_common.errors import AppError, DeadlineExceeded, PayloadTooLarge
from etter_common.health import HEALTH_PATHS
from etter_common.ids import new_id
from etter_common.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from etter_common.idempotency import Claim
    from etter_common.settings import ServiceSettings

log = structlog.get_logger("etter.access")
_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._\-]{8,128}$")


@dataclass
class RequestState:
    """What the layer and the dependencies of one request tell each other; lives in `scope["etter"]`."""

    request_id: str
    traceparent: str | None
    client_ip: str | None
    user_agent: str | None
    started: float
    context: Context | None = None
    claim: Claim | None = None
    error: BaseException | None = None
    too_large: bool = False
    streaming: bool = False
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)  # added to whatever answer goes out

    @property
    def origin(self) -> Origin:
        return Origin(self.request_id, self.traceparent, self.client_ip, self.user_agent)


class PlatformMiddleware:
    """Wraps the whole application; `body_limits` maps a path's end to a limit of its own."""

    def __init__(
        self, app: ASGIApp, *, settings: ServiceSettings, body_limits: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._settings = settings
        self._limits = tuple((body_limits or {}).items())
        self._proxies = frozenset(settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in HEALTH_PATHS:  # neither limited nor logged, and not part of the API
            await scope["app"].state.health(scope, receive, send)
            return
        state = self._open(scope)
        scope["etter"] = state
        out = Outgoing(scope, state, send)
        bound = structlog.contextvars.bind_contextvars(request_id=state.request_id)
        try:
            with tracing.span(f"{scope['method']} {self._settings.service}", headers=_trace_headers(state)):
                await self._answer(scope, self._limited(scope, receive, state), out)
        finally:
            self._record(scope, state)
            structlog.contextvars.reset_contextvars(**bound)
            structlog.contextvars.unbind_contextvars("company_id", "user_id")

    async def _answer(self, scope: Scope, receive: Receive, out: Outgoing) -> None:
        state: RequestState = scope["etter"]
        try:
            async with asyncio.timeout(self._settings.request_timeout_s) as deadline:
                out.on_stream = lambda: deadline.reschedule(None)
                await self._app(scope, receive, out.send)
        except TimeoutError:
            await self._fail(out, DeadlineExceeded())
        except asyncio.CancelledError:
            await _abandon(state)
            raise
        except Exception as error:
            if out.begun:
                raise
            log.exception("request_failed")
            tracing.capture(error)
            await self._fail(out, error if isinstance(error, AppError) else AppError(), cause=error)

    async def _fail(self, out: Outgoing, error: AppError, *, cause: BaseException | None = None) -> None:
        out.state.error = cause or error
        await out.send_problem(error)

    def _open(self, scope: Scope) -> RequestState:
        headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        given = headers.get(b"x-request-id", b"")
        return RequestState(
            request_id=given.decode("ascii") if _REQUEST_ID.match(given) else str(new_id()),
            traceparent=headers.get(b"traceparent", b"").decode("latin-1") or None,
            client_ip=self._client_ip(scope, headers),
            user_agent=headers.get(b"user-agent", b"").decode("latin-1")[:300] or None,
            started=monotonic(),
        )

    def _client_ip(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        """The peer, or the last address a trusted proxy did not add itself (ASVS 15.3.4)."""
        peer: str | None = scope["client"][0] if scope.get("client") else None
        if peer not in self._proxies:
            return peer
        for part in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            try:
                address = str(ip_address(part.strip()))
            except ValueError:
                break
            if address not in self._proxies:
                return address
        return peer

    def _limited(self, scope: Scope, receive: Receive, state: RequestState) -> Receive:
        """Count the body while it streams in; never after buffering it."""
        limit = next((n for end, n in self._limits if scope["path"].endswith(end)), self._settings.max_body_bytes)
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"")
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit or (declared.isdigit() and int(declared) > limit):
                    state.too_large = True
                    raise PayloadTooLarge(f"the body may have {limit} bytes at most", limit_bytes=limit)
            return message

        return limited

    def _record(self, scope: Scope, state: RequestState) -> None:
        took = monotonic() - state.started
        route = _template(scope)
        metrics.observe_request(scope["method"], route, state.status, took)
        log.info(
            "request", method=scope["method"], path=scope["path"], route=route, status=state.status,
            duration_ms=round(took * 1000, 2), client_ip=state.client_ip,
        )  # fmt: skip


async def _abandon(state: RequestState) -> None:
    """The client has gone or the process ends: nothing was promised, so nothing is kept."""
    if state.context is not None:
        await asyncio.shield(state.context.finish(asyncio.CancelledError()))


def _trace_headers(state: RequestState) -> dict[str, str]:
    return {"traceparent": state.traceparent} if state.traceparent else {}


def _template(scope: Scope) -> str | None:
    """The full route template; `None` for unknown paths, which share one label."""
    effective: Any = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(effective, "path", None) or getattr(scope.get("route"), "path", None)
    return str(path) if path else None
