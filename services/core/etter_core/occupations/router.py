"""The reference taxonomy over HTTP. The same for all companies, so its cached answers are shared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from etter_common import fieldsets
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import cached, requires
from etter_common.errors import InvalidCursor, InvalidFields, InvalidSort
from etter_common.fieldsets import Fields
from etter_common.responses import Data, Page, documented, encode_data
from etter_core.occupations import service
from etter_core.occupations.errors import OccupationNotFound
from etter_core.occupations.events import STALE
from etter_core.occupations.schemas import (
    OccupationLine,
    OccupationOut,
    OccupationQuery,
    SkillSuggestion,
    SuggestQuery,
    TaskSuggestion,
)

router = APIRouter(prefix="/occupations", tags=["occupations"])
tasks_router = APIRouter(prefix="/tasks", tags=["occupations"])
skills_router = APIRouter(prefix="/skills", tags=["occupations"])
routers = (router, tasks_router, skills_router)

Reader = Annotated[Context, requires("occupations:read")]


@router.get("", response_model=Page[OccupationLine], responses=documented(InvalidCursor, InvalidSort, InvalidFields))
async def list_occupations(ctx: Reader, query: Annotated[OccupationQuery, Query()]) -> Response:
    # the page's cursor is bound to the company, so the list is cached by company
    key = CacheKey.of(ctx.company_id, "occupations", query.model_dump(mode="json"))
    return await _cached(ctx, key, lambda own: service.list_page(own, query))


@router.get("/{code}", response_model=Data[OccupationOut], responses=documented(OccupationNotFound, InvalidFields))
async def get_occupation(
    ctx: Reader,
    code: Annotated[str, Path(pattern=r"^\d{2}-\d{4}\.\d{2}$")],
    fields: Fields = None,
) -> Response:
    tree = fieldsets.parse(fields, OccupationOut)

    async def load(own: Context) -> bytes:
        return encode_data(await service.get(own, code), tree)

    return await _cached(ctx, CacheKey.of(None, "occupations", {"code": code, "fields": fields}), load)


@tasks_router.get("/autocomplete", response_model=Data[list[TaskSuggestion]], responses=documented(InvalidFields))
async def suggest_tasks(ctx: Reader, query: Annotated[SuggestQuery, Query()]) -> Response:
    key = CacheKey.of(None, "task_autocomplete", query.model_dump())
    return await _cached(ctx, key, lambda own: service.suggest_tasks(own, query))


@skills_router.get("/autocomplete", response_model=Data[list[SkillSuggestion]], responses=documented(InvalidFields))
async def suggest_skills(ctx: Reader, query: Annotated[SuggestQuery, Query()]) -> Response:
    key = CacheKey.of(None, "skill_autocomplete", query.model_dump())
    return await _cached(ctx, key, lambda own: service.suggest_skills(own, query))


async def _cached(ctx: Context, key: CacheKey, load: Callable[[Context], Awaitable[bytes]]) -> Response:
    return await cached(ctx, key, load, ttl_s=LIFETIMES[key.resource], tags=[STALE])
