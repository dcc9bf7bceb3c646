"""API keys over HTTP. All of it is for somebody who has signed in: a key makes, sees and ends no keys."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_auth.api_keys import events, service
from etter_auth.api_keys.errors import ApiKeyNotFound, ApiKeyRoleNotGrantable, TooManyApiKeys
from etter_auth.api_keys.schemas import ApiKeyCreate, ApiKeyMade, ApiKeyOut, ApiKeyQuery
from etter_common import fieldsets
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import cached, json_response, requires
from etter_common.errors import (
    Forbidden,
    InvalidCursor,
    InvalidFields,
    InvalidSort,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.fieldsets import Fields
from etter_common.ratelimit import Policy
from etter_common.responses import Data, Page, documented, encode_data, encode_page

router = APIRouter(prefix="/api-keys", tags=["api keys"])
_COMMON = (Unauthenticated, Forbidden, ValidationFailed)
_MANAGE = "api_keys:manage"
MAKING = Policy("api-keys", 100, 3600)  # each one made is told to every service, and remembered until it would expire

Admin = Annotated[Context, requires(_MANAGE, signed_in=True)]
Maker = Annotated[Context, requires(_MANAGE, signed_in=True, limit=MAKING)]


@router.get(
    "", response_model=Page[ApiKeyOut], responses=documented(*_COMMON, InvalidCursor, InvalidSort, InvalidFields)
)
async def list_api_keys(ctx: Admin, query: Annotated[ApiKeyQuery, Query()]) -> Response:
    """The company's keys, newest first, revoked and expired ones too."""

    async def load(own: Context) -> bytes:
        return encode_page(await service.list_page(own, query))

    key = CacheKey.of(ctx.company_id, "api_keys", query.model_dump(mode="json"), scope=_MANAGE)
    return await cached(ctx, key, load, ttl_s=LIFETIMES["lists"], tags=[events.tag(ctx.company_id)])


@router.post("", status_code=201, responses=documented(*_COMMON, ApiKeyRoleNotGrantable, TooManyApiKeys))
async def create_api_key(ctx: Maker, data: ApiKeyCreate, response: Response) -> Data[ApiKeyMade]:
    """Make a key. It is in this answer alone: with an `Idempotency-Key` a repeated request gets the rest of it."""
    row, secret = await service.create(ctx, data)
    made = ApiKeyMade(**ApiKeyOut.model_validate(row).model_dump(), secret=secret)
    ctx.kept_body = encode_data(made.model_copy(update={"secret": None}).model_dump())
    response.headers["location"] = f"/api/auth/v1/api-keys/{made.id}"
    return Data[ApiKeyMade].of(made)


@router.get("/{key_id}", response_model=Data[ApiKeyOut], responses=documented(*_COMMON, ApiKeyNotFound, InvalidFields))
async def get_api_key(ctx: Admin, key_id: UUID, fields: Fields = None) -> Response:
    tree = fieldsets.parse(fields, ApiKeyOut)
    row = await service.get(ctx, key_id)
    return json_response(encode_data(ApiKeyOut.model_validate(row).model_dump(), tree))


@router.delete("/{key_id}", status_code=204, responses=documented(*_COMMON, ApiKeyNotFound))
async def revoke_api_key(ctx: Admin, key_id: UUID) -> None:
    """Revoke: no service takes the key any more within a second. Again changes nothing."""
    await service.revoke(ctx, key_id)
