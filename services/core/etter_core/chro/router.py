"""The CHRO dashboard over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import cached, requires
from etter_common.errors import InvalidCursor, InvalidFields, InvalidSort
from etter_common.fieldsets import FieldsQuery
from etter_common.responses import Data, Page, documented
from etter_core.chro import service
from etter_core.chro.schemas import DashboardEntry, DashboardQuery, Summary
from etter_core.roles import events as role_events
from etter_core.workflows import events

router = APIRouter(prefix="/chro", tags=["chro"])

Reader = Annotated[Context, requires("dashboard:read")]


@router.get(
    "/dashboard",
    response_model=Page[DashboardEntry],
    responses=documented(InvalidCursor, InvalidSort, InvalidFields),
)
async def list_dashboard_entries(ctx: Reader, query: Annotated[DashboardQuery, Query()]) -> Response:
    key = CacheKey.of(ctx.company_id, "dashboard", query.model_dump(mode="json"))
    return await cached(
        ctx, key, lambda own: service.list_entries(own, query), ttl_s=LIFETIMES["dashboard"], tags=_tags(ctx)
    )


@router.get("/summary", response_model=Data[Summary], responses=documented(InvalidFields))
async def get_summary(ctx: Reader, query: Annotated[FieldsQuery, Query()]) -> Response:
    key = CacheKey.of(ctx.company_id, "summary", query.model_dump(exclude_none=True))
    return await cached(
        ctx, key, lambda own: service.summarise(own, query), ttl_s=LIFETIMES["summary"], tags=_tags(ctx)
    )


def _tags(ctx: Context) -> list[str]:
    return [events.stale(ctx.company_id), role_events.stale(ctx.company_id)]
