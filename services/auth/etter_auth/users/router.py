"""Users over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_auth.representation import represent, tag_answer
from etter_auth.users import events, service
from etter_auth.users.errors import (
    EmailTaken,
    OwnAccount,
    RoleNotGrantable,
    UsernameTaken,
    UserNotFound,
    UserOutranksCaller,
)
from etter_auth.users.schemas import (
    SuggestionQuery,
    UserCreate,
    UserOut,
    UserQuery,
    UserSuggestion,
    UserUpdate,
)
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import IfMatch, cached, json_response, requires
from etter_common.errors import (
    Forbidden,
    InvalidCursor,
    InvalidFields,
    InvalidSort,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.fieldsets import Fields
from etter_common.responses import Data, Page, documented, encode, encode_page

router = APIRouter(prefix="/users", tags=["users"])
_COMMON = (Unauthenticated, Forbidden, ValidationFailed)
_VERSIONED = (*_COMMON, UserNotFound, PreconditionFailed, PreconditionRequired, UserOutranksCaller, OwnAccount)


@router.get("", response_model=Page[UserOut], responses=documented(*_COMMON, InvalidCursor, InvalidSort, InvalidFields))
async def list_users(ctx: Annotated[Context, requires("users:read")], query: Annotated[UserQuery, Query()]) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.post(
    "",
    status_code=201,
    responses=documented(*_COMMON, EmailTaken, UsernameTaken, RoleNotGrantable),
)
async def create_user(
    ctx: Annotated[Context, requires("users:write", signed_in=True)], data: UserCreate, response: Response
) -> Data[UserOut]:
    """Make a user without a password."""
    user = await service.create(ctx, data)
    response.headers["location"] = f"/api/auth/v1/users/{user.id}"
    tag_answer(response, user)
    return Data[UserOut].of(user)


@router.get("/autocomplete", response_model=Data[list[UserSuggestion]], responses=documented(*_COMMON, InvalidFields))
async def suggest_users(
    ctx: Annotated[Context, requires("users:read")], query: Annotated[SuggestionQuery, Query()]
) -> Response:
    """Active users by the start of a word of their name or by their email."""

    async def load(own: Context) -> bytes:
        return encode({"data": await service.suggest(own, query)})

    key = CacheKey.of(ctx.company_id, "user_autocomplete", query.model_dump(), scope="users:read")
    return await cached(ctx, key, load, ttl_s=LIFETIMES["user_autocomplete"], tags=[events.tag(ctx.company_id)])


@router.get("/{user_id}", response_model=Data[UserOut], responses=documented(*_COMMON, UserNotFound, InvalidFields))
async def get_user(ctx: Annotated[Context, requires("users:read")], user_id: UUID, fields: Fields = None) -> Response:
    return represent(await service.get(ctx, user_id), UserOut, fields)


@router.patch("/{user_id}", responses=documented(*_VERSIONED, EmailTaken, UsernameTaken, RoleNotGrantable))
async def change_user(
    ctx: Annotated[Context, requires("users:write", signed_in=True)],
    user_id: UUID,
    data: UserUpdate,
    response: Response,
    if_match: IfMatch = None,
) -> Data[UserOut]:
    user = await service.update(ctx, user_id, data, if_match=if_match)
    tag_answer(response, user)
    return Data[UserOut].of(user)


@router.delete("/{user_id}", status_code=204, responses=documented(*_VERSIONED))
async def deactivate_user(
    ctx: Annotated[Context, requires("users:write", signed_in=True)], user_id: UUID, if_match: IfMatch = None
) -> None:
    """Deactivate: no sign-in any more, all sessions end within a second. The user stays in the history."""
    await service.deactivate(ctx, user_id, if_match=if_match)
