"""What a route function asks FastAPI for: the context of a permitted caller, conditional headers, cached answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer
from starlette.responses import Response

from etter_common import etags, idempotency, limits
from etter_common.auth import Principal, bearer_token
from etter_common.cache import ABSENT_S, FAIL_SAFE_S, CacheKey, Terms
from etter_common.clock import epoch_s
from etter_common.context import Context, Found
from etter_common.errors import (
    MAX_FIELD_ERRORS,
    FieldError,
    Forbidden,
    SessionRequired,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.incoming import ANONYMOUS_BODY_BYTES
from etter_common.openapi import SCHEME, SESSION_SCHEME
from etter_common.platform import Platform
from etter_common.ratelimit import Policy
from etter_common.request_state import RequestState

_JSON: Final = b"application/json"


def platform_of(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform


def state_of(request: Request) -> RequestState:
    state: RequestState = request.scope["etter"]
    return state


def _open(request: Request, principal: Principal | None, *, system: bool = False, read_only: bool = False) -> Context:
    state = state_of(request)
    state.context = platform_of(request).context(
        origin=state.origin, principal=principal, system=system, read_only=read_only
    )
    return state.context


def bearer_of(request: Request) -> str:
    """The access token or API key of the request; raises `Unauthenticated` without one."""
    token = bearer_token(request.headers.get("authorization"))
    if token is None:
        raise Unauthenticated
    return token


class Permitted(HTTPBearer):
    """The dependency that `requires` makes: the check, and the bearer scheme in OpenAPI, in one.

    The dispatcher calls `admit` before the body is read; FastAPI calls the dependency itself after it.
    """

    def __init__(
        self,
        permission: str | None,
        *,
        across: str | None = None,
        limit: Policy | None = None,
        replica: bool = False,
        signed_in: bool = False,
    ) -> None:
        name, description = SESSION_SCHEME if signed_in else SCHEME
        super().__init__(scheme_name=name, description=description)
        self.permission = permission
        self._across = across
        self._limit = limit
        self._replica = replica
        self._signed_in = signed_in

    async def admit(self, request: Request) -> None:
        """A known caller within all limits, or refused: requests at once, the company's and the caller's quota."""
        platform, state = platform_of(request), state_of(request)
        try:
            principal = platform.tokens.verify(bearer_of(request))
        except Unauthenticated:
            # apart from public routes: expired tokens of an office leave its sign-ins alone
            await limits.count(platform.limiter, state, f"unknown:{state.client_ip}", platform.policies.address)
            raise
        state.know(principal)
        state.hold(principal.caller_key)
        await limits.count_caller(platform.limiter, state, principal, platform.policies)
        if self._limit is not None:
            await limits.count(platform.limiter, state, principal.caller_key, self._limit)

    async def __call__(self, request: Request) -> Context:  # type: ignore[override]  # a context, not credentials
        token, principal = bearer_of(request), state_of(request).principal
        if principal is None:
            raise Unauthenticated
        refuse_unknown(request)
        self._check(principal)
        system = self._across is not None and principal.key_id is None and principal.may(self._across)
        ctx = _open(request, principal, system=system, read_only=self._replica)
        await ctx.confirm_caller()
        state_of(request).still_permitted = partial(self._confirm_again, ctx.platform, token)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key is not None and not _is_upload(request):
            mark = idempotency.fingerprint(request.method, request.url.path, await request.body())
            state_of(request).claim = await idempotency.claim(ctx, key, mark)
        return ctx

    async def _confirm_again(self, platform: Platform, token: str) -> None:
        """Raise what a new request of this caller would be refused with, without leeway for an expired token."""
        principal = platform.tokens.verify(token)
        if principal.expires_at <= epoch_s():
            raise Unauthenticated("the access token or API key has expired")
        self._check(principal)
        async with platform.work(principal=principal) as ctx:
            await ctx.confirm_caller()

    def _check(self, principal: Principal) -> None:
        if self._signed_in and principal.session_id is None:
            raise SessionRequired
        if self.permission is not None and not principal.may(self.permission):
            raise Forbidden(f"this needs the permission {self.permission}", permission=self.permission)


def requires(
    permission: str | None,
    *,
    across: str | None = None,
    limit: Policy | None = None,
    replica: bool = False,
    signed_in: bool = False,
) -> Any:
    """Dependency: the context of a caller who has `permission` (`None`: any caller), a user or an API key.

    With `signed_in` it has to be a user: an API key is refused whatever its role. A user who also has the permission
    `across` works in the system scope: row-level security shows all companies; an API key never leaves its own.
    `limit` is a policy of this route beside those that every request meets; it counts by caller. On a POST with an
    `Idempotency-Key` and a JSON body the key is taken here, before the route function runs. With `replica` the route
    only reads, and what it reads may be a few seconds old: not for `cached`, whose values have to be the newest.
    """
    return Depends(Permitted(permission, across=across, limit=limit, replica=replica, signed_in=signed_in))


def refuse_unknown(request: Request) -> None:
    """A query parameter that the route does not know is a mistake, and hears which ones there are."""
    if not request.scope["query_string"]:
        return
    known = state_of(request).query_names
    unknown = request.query_params.keys() - known
    if unknown:
        valid = f"valid: {', '.join(sorted(known)) or 'none'}"
        raise ValidationFailed(
            errors=[
                FieldError.at("query", name, message=valid, code="unknown")
                for name in sorted(unknown)[:MAX_FIELD_ERRORS]
            ]
        )


def _is_upload(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


async def claim_upload(request: Request, ctx: Context, fingerprint: bytes) -> None:
    """Take the `Idempotency-Key` of an upload once its bytes are known; does nothing without one."""
    if (key := request.headers.get("idempotency-key")) is not None:
        mark = idempotency.fingerprint(request.method, request.url.path, fingerprint)
        state_of(request).claim = await idempotency.claim(ctx, key, mark)


class Anyone:
    """The dependency that `public` makes; its address is counted before the body is read."""

    def __init__(self, limit: Policy | None) -> None:
        self._limit = limit

    async def admit(self, request: Request) -> None:
        platform, state = platform_of(request), state_of(request)
        await limits.count(platform.limiter, state, f"ip:{state.client_ip}", self._limit or platform.policies.address)
        if state.incoming is not None:
            state.incoming.lower_limit(ANONYMOUS_BODY_BYTES)

    async def __call__(self, request: Request) -> Context:
        refuse_unknown(request)
        return _open(request, None, system=True)


def public(*, limit: Policy | None = None) -> Any:
    """Dependency: the context of an anonymous caller, for the short list of public routes; limited by address."""
    return Depends(Anyone(limit))


Public = Annotated[Context, public()]


async def leave_gate(request: Request) -> None:
    """Dependency of a route whose work has a concurrency limiter of its own: it gives its general place back.

    Requests that wait there take no place from the others. The body has been read by then.
    """
    if (place := state_of(request).place) is not None:
        place.leave()


IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=etags.MAX_TAGS_LENGTH, description='the ETag of the version read, `"7"`'),
]


async def cached(
    ctx: Context,
    key: CacheKey,
    load: Callable[[Context], Awaitable[bytes]],
    *,
    ttl_s: float,
    tags: Sequence[str],
    media_type: str = "application/json",
    vary: str | None = None,
) -> Response:
    """An answer, JSON if not said otherwise, from the two-tier cache; `load` makes the body when neither tier has it.

    `key` must follow from the caller, the path, the query and `Accept` alone (a route that heeds the last says so in
    `vary`): while the first tier holds the value, the same
    request is answered from it without the route (`shortcut`). `load` works in a unit of its own, which it is given,
    so that the value can be renewed after the request is over; a 404 it raises is remembered for `ABSENT_S`, and while
    the database is away the answer last seen is given for `FAIL_SAFE_S`.
    """

    async def load_apart() -> bytes:
        async with ctx.platform.work(origin=ctx.origin, principal=ctx.principal) as own:
            return await load(own)

    await ctx.release()  # else this request could hold one connection and wait for another
    terms = Terms.of(tags, ttl_s=ttl_s, early=True, absent_s=ABSENT_S, fail_safe_s=FAIL_SAFE_S)
    entry = await ctx.platform.cache.get_or_load(key, load_apart, terms)
    ctx.found = Found(key, entry, terms)
    return _Ready(entry.body, entry.etag, media_type=media_type.encode("latin-1"), vary=vary)


def json_response(body: bytes, *, version: int | None = None, status: int = 200) -> Response:
    """A JSON answer of bytes that are ready to send, of a resource in this version if it has versions."""
    return _Ready(body, None if version is None else etags.version_etag(version, body), status)


class _Ready(Response):
    """A response of known bytes and headers, without the steps that would find them."""

    def __init__(
        self, body: bytes, etag: str | None, status: int = 200, *, media_type: bytes = _JSON, vary: str | None = None
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
        if etag is not None:
            self.raw_headers.append((b"etag", etag.encode("latin-1")))
        if vary is not None:
            self.raw_headers.append((b"vary", vary.encode("latin-1")))
