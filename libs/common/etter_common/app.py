"""The application factory: middleware, error handlers, health, docs and the platform's life, wired once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException as StarletteHTTPException  # noqa: TID251 - only to translate it
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from etter_common import garbage, logging, openapi, tracing
from etter_common.dispatch import Dispatcher
from etter_common.errors import (
    MAX_FIELD_ERRORS,
    AppError,
    BadRequest,
    FieldError,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
    ValidationFailed,
)
from etter_common.health import drain_on_signals, health_app
from etter_common.idempotency import Replay
from etter_common.known_heads import KnownHeads
from etter_common.loop_lag import watched_loop
from etter_common.middleware import PlatformMiddleware
from etter_common.outgoing import problem
from etter_common.platform import Platform, open_platform
from etter_common.request_state import RequestState
from etter_common.settings import ServiceSettings

Background = Callable[[Platform], AbstractAsyncContextManager[None]]
_BY_STATUS: Mapping[int, type[AppError]] = {404: NotFound, 405: MethodNotAllowed, 415: UnsupportedMediaType}


class Application(FastAPI):
    """FastAPI with our one layer in place of its stack of them, and our dispatch in place of its linear search."""

    def __init__(self, settings: ServiceSettings, body_limits: Mapping[str, int], **terms: Any) -> None:
        self._settings = settings
        self._body_limits = body_limits
        self.known_heads = KnownHeads()
        super().__init__(**terms)

    def openapi(self) -> dict[str, Any]:
        """FastAPI's document, and what the layer adds to every operation."""
        if self.openapi_schema is None:
            openapi.complete(super().openapi())
        assert self.openapi_schema is not None  # noqa: S101 - set by the call above
        return self.openapi_schema

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        if scope["type"] != "http":
            await self.router(scope, receive, send)  # the lifespan; there are no web sockets
            return
        await self._layer(scope, receive, send)

    def answer_now(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """Head and body of a request whose answer is at hand; see `PlatformMiddleware.answer_now`."""
        scope["app"] = self
        return self._layer.answer_now(scope)

    @cached_property
    def _layer(self) -> PlatformMiddleware:
        return PlatformMiddleware(
            Dispatcher(self.routes),
            settings=self._settings,
            handlers=self.exception_handlers,
            body_limits=self._body_limits,
        )


def create_app(
    settings: ServiceSettings,
    *,
    title: str,
    routers: Sequence[APIRouter],
    background: Sequence[Background] = (),
    body_limits: Mapping[str, int] | None = None,
) -> FastAPI:
    """One service's application under `/api/<service>/v1`.

    `background` runs beside requests for the life of the process (consumers, relay). `body_limits` maps the end of a
    path to its own body limit in bytes.
    """
    logging.configure(settings.service, settings.log_level, settings.environment)
    tracing.configure(settings)
    prefix = f"/api/{settings.service}"
    app = Application(
        settings,
        body_limits or {},
        title=title,
        version="1",
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(settings, background),
        generate_unique_id_function=_operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        responses={},
    )
    for router in routers:
        app.include_router(router, prefix=f"{prefix}/v1")
    app.add_exception_handler(AppError, _on_app_error)  # type: ignore[arg-type]  # Starlette types handlers by Exception
    app.add_exception_handler(RequestValidationError, _on_invalid)  # type: ignore[arg-type]
    app.add_exception_handler(StarletteHTTPException, _on_http)  # type: ignore[arg-type]
    app.add_exception_handler(Replay, _on_replay)  # type: ignore[arg-type]
    return app


def _lifespan(
    settings: ServiceSettings, background: Sequence[Background]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(logging.flush)
            stack.push_async_callback(asyncio.to_thread, tracing.shutdown)  # last: spans of the end count too
            platform = await stack.enter_async_context(open_platform(settings))
            stack.enter_context(watched_loop())
            drain_on_signals(platform.health)
            app.state.platform = platform
            app.state.health = health_app(platform.health)
            for part in background:
                await stack.enter_async_context(part(platform))
            garbage.settle()
            platform.health.start()
            stack.callback(platform.health.drain)
            yield

    return lifespan


def _operation_id(route: APIRoute) -> str:
    return route.name


def _answer(request: Request, error: AppError, cause: BaseException) -> Response:
    state: RequestState = request.scope["etter"]
    state.error = cause
    status, headers, body = problem(error, request.url.path, state.request_id)
    return Response(body, status_code=status, headers=headers)


async def _on_app_error(request: Request, error: AppError) -> Response:
    return _answer(request, error, error)


async def _on_replay(request: Request, replay: Replay) -> Response:
    state: RequestState = request.scope["etter"]
    state.error = replay
    state.headers["idempotency-replayed"] = "true"
    return Response(replay.body, status_code=replay.status, headers=replay.headers)


async def _on_invalid(request: Request, invalid: RequestValidationError) -> Response:
    """422 with JSON pointers; never echoes the input, which may hold secrets or things JSON cannot."""
    first = invalid.errors()[0] if invalid.errors() else {}
    if first.get("type") == "json_invalid":
        return _answer(request, BadRequest("the body is not valid JSON"), invalid)
    if first.get("loc") == ("body",) and first.get("type") != "missing" and not _is_json(request):
        headers = {"Accept": "application/json"}  # RFC 9110 §15.5.16
        return _answer(request, UnsupportedMediaType("the body must be application/json", headers=headers), invalid)
    shown = invalid.errors()[:MAX_FIELD_ERRORS]
    errors = [FieldError.at(*e["loc"], message=str(e["msg"]), code=str(e["type"])) for e in shown]
    return _answer(request, ValidationFailed(errors=errors), invalid)


def _is_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


async def _on_http(request: Request, http: StarletteHTTPException) -> Response:
    """What the framework raises by itself: no route, wrong method, unreadable body.

    It calls a body unreadable also when reading it raised an error of ours (too large, too slow, overloaded): that
    error is the answer.
    """
    if isinstance(http.__cause__, AppError):
        return _answer(request, http.__cause__, http.__cause__)
    kind = _BY_STATUS.get(http.status_code, BadRequest if http.status_code < 500 else AppError)
    return _answer(request, kind(headers=dict(http.headers or {})), http)
