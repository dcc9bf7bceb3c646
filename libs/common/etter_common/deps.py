"""What a route function asks FastAPI for: the context of a permitted caller, conditional headers, cached answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import structlog
from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer
from starlette.responses import Response

from etter_common import idempotency, ratelimit
from etter_common.auth import Principal, bearer_token
from etter_common.cache import CacheKey
from etter_common.context import Context
from etter_common.errors import Forbidden, TooManyRequests, Unauthenticated
from etter_common.middleware import RequestState
from etter_common.platform import Platform

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="access token of `POST /api/auth/v1/sessions`")


def platform_of(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform


def state_of(request: Request) -> RequestState:
    state: RequestState = request.scope["etter"]
    return state


async def limited(request: Request, *, key: str, policy: ratelimit.Policy) -> None:
    """Count this request against `key`; raises `TooManyRequests`. The answer carries the limit's headers either way."""
    state = state_of(request)
    decision = await platform_of(request).limiter.check(key, policy)
    state.headers.update(decision.headers())
    if not decision.allowed:
        raise TooManyRequests(headers=decision.headers())


def _default_policy(request: Request) -> ratelimit.Policy:
    settings = platform_of(request).settings
    return ratelimit.Policy("default", settings.rate_limit_requests, settings.rate_limit_window_s)


def _open(request: Request, principal: Principal | None, *, system: bool = False) -> Context:
    state = state_of(request)
    state.context = platform_of(request).context(origin=state.origin, principal=principal, system=system)
    return state.context


def principal_of(request: Request) -> Principal:
    """The caller of a valid bearer token; raises `Unauthenticated`."""
    token = bearer_token(request.headers.get("authorization"))
    if token is None:
        raise Unauthenticated
    principal = platform_of(request).tokens.verify(token)
    structlog.contextvars.bind_contextvars(company_id=str(principal.company_id), user_id=str(principal.user_id))
    return principal


def requires(permission: str | None, *, across: str | None = None) -> Any:
    """Dependency: the context of a signed-in caller who has `permission` (`None`: any signed-in caller).

    A caller who also has the permission `across` works in the system scope: row-level security shows all companies.
    On a POST with an `Idempotency-Key` and a JSON body the key is taken here, before the route function runs.
    """

    async def permitted(
        request: Request, idempotency_key: Annotated[str | None, Header(max_length=255)] = None
    ) -> Context:
        principal = principal_of(request)
        await limited(request, key=f"user:{principal.user_id}", policy=_default_policy(request))
        if permission is not None and not principal.may(permission):
            raise Forbidden(f"this needs the permission {permission}", permission=permission)
        ctx = _open(request, principal, system=across is not None and principal.may(across))
        if idempotency_key is not None and request.method == "POST" and not _is_upload(request):
            mark = idempotency.fingerprint(request.method, request.url.path, await request.body())
            state_of(request).claim = await idempotency.claim(ctx, idempotency_key, mark)
        return ctx

    permitted.permission = permission  # type: ignore[attr-defined]  # read by the permission matrix tests
    return Depends(permitted)


def _is_upload(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


async def claim_upload(request: Request, ctx: Context, fingerprint: bytes) -> None:
    """Take the `Idempotency-Key` of an upload once its bytes are known; does nothing without one."""
    if (key := request.headers.get("idempotency-key")) is not None:
        mark = idempotency.fingerprint(request.method, request.url.path, fingerprint)
        state_of(request).claim = await idempotency.claim(ctx, key, mark)


async def _public(request: Request) -> Context:
    await limited(request, key=f"ip:{state_of(request).client_ip}", policy=_default_policy(request))
    return _open(request, None, system=True)


async def _signed_in_scheme(_credentials: Annotated[Any, Depends(_bearer)]) -> None:
    """Shows the bearer scheme in OpenAPI; the check itself is `requires`."""


Public = Annotated[Context, Depends(_public)]
"""The context of an anonymous caller, for the short list of public routes; limited by address."""

SIGNED_IN = Depends(_signed_in_scheme)

IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=500, description='the ETag of the version read, `"7"`')
]


async def cached(
    ctx: Context,
    key: CacheKey,
    load: Callable[[], Awaitable[bytes]],
    *,
    ttl_s: float,
    tags: Sequence[str],
) -> Response:
    """A JSON answer from the two-tier cache; `load` makes the body when neither tier has it."""
    entry = await ctx.platform.cache.get_or_load(key, load, ttl_s=ttl_s, tags=tags)
    return Response(entry.body, media_type="application/json", headers={"etag": entry.etag})


def json_response(body: bytes, *, etag: str | None = None, status: int = 200) -> Response:
    """A JSON answer of bytes that are ready to send."""
    return Response(body, status_code=status, media_type="application/json", headers={"etag": etag} if etag else None)
