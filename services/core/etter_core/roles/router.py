"""Roles over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from etter_common import etags, fieldsets
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import IfMatch, cached, json_response, requires
from etter_common.errors import InvalidCursor, InvalidFields, InvalidSort, PreconditionFailed, PreconditionRequired
from etter_common.fieldsets import Fields, FieldsQuery
from etter_common.responses import Data, Page, documented, encode_data
from etter_core.roles import events, service
from etter_core.roles.errors import RoleAlreadyExists, RoleNotFound, UnknownOccupation
from etter_core.roles.schemas import (
    AutocompleteQuery,
    Department,
    RoleCreate,
    RoleOut,
    RoleQuery,
    RoleSuggestion,
    RoleUpdate,
)

router = APIRouter(prefix="/roles", tags=["roles"])
departments_router = APIRouter(prefix="/departments", tags=["roles"])

Reader = Annotated[Context, requires("roles:read")]
Writer = Annotated[Context, requires("roles:write")]


@router.get("", response_model=Page[RoleOut], responses=documented(InvalidCursor, InvalidSort, InvalidFields))
async def list_roles(ctx: Reader, query: Annotated[RoleQuery, Query()]) -> Response:
    return await _cached(ctx, "roles", query, lambda own: service.list_page(own, query))


@router.post("", status_code=201, responses=documented(RoleAlreadyExists, UnknownOccupation))
async def create_role(ctx: Writer, data: RoleCreate, response: Response) -> Data[RoleOut]:
    role = await service.create(ctx, data)
    response.headers["location"] = f"/api/core/v1/roles/{role.id}"
    response.headers["etag"] = etags.version_etag(role.version)
    return Data[RoleOut].of(role)


@router.get("/autocomplete", response_model=Data[list[RoleSuggestion]], responses=documented(InvalidFields))
async def suggest_roles(ctx: Reader, query: Annotated[AutocompleteQuery, Query()]) -> Response:
    return await _cached(ctx, "role_autocomplete", query, lambda own: service.suggest(own, query))


@router.get("/{role_id}", response_model=Data[RoleOut], responses=documented(RoleNotFound, InvalidFields))
async def get_role(ctx: Reader, role_id: UUID, fields: Fields = None) -> Response:
    tree = fieldsets.parse(fields, RoleOut)
    role = await service.get(ctx, role_id)
    body = encode_data(RoleOut.model_validate(role).model_dump(), tree)
    return json_response(body, version=role.version)


@router.patch(
    "/{role_id}",
    responses=documented(RoleNotFound, RoleAlreadyExists, UnknownOccupation, PreconditionFailed, PreconditionRequired),
)
async def change_role(
    ctx: Writer, role_id: UUID, data: RoleUpdate, response: Response, if_match: IfMatch = None
) -> Data[RoleOut]:
    role = await service.update(ctx, role_id, data, if_match=if_match)
    response.headers["etag"] = etags.version_etag(role.version)
    return Data[RoleOut].of(role)


@router.delete(
    "/{role_id}", status_code=204, responses=documented(RoleNotFound, PreconditionFailed, PreconditionRequired)
)
async def delete_role(ctx: Writer, role_id: UUID, if_match: IfMatch = None) -> None:
    await service.delete(ctx, role_id, if_match=if_match)


@departments_router.get("", response_model=Data[list[Department]], responses=documented(InvalidFields))
async def list_departments(ctx: Reader, query: Annotated[FieldsQuery, Query()]) -> Response:
    return await _cached(ctx, "departments", query, lambda own: service.list_departments(own, query))


async def _cached(
    ctx: Context, resource: str, query: BaseModel, load: Callable[[Context], Awaitable[bytes]]
) -> Response:
    key = CacheKey.of(ctx.company_id, resource, query.model_dump(mode="json", exclude_none=True))
    return await cached(
        ctx,
        key,
        load,
        ttl_s=LIFETIMES[resource if resource in LIFETIMES else "lists"],
        tags=[events.stale(ctx.company_id)],
    )
