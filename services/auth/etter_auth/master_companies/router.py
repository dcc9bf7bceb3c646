"""The directory over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_auth.master_companies import service
from etter_auth.master_companies.schemas import MasterCompanyOut, MasterCompanyQuery
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import cached, requires
from etter_common.errors import (
    Forbidden,
    InvalidCursor,
    InvalidFields,
    InvalidSort,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.responses import Page, documented, encode_page

router = APIRouter(prefix="/master-companies", tags=["companies"])


@router.get(
    "",
    response_model=Page[MasterCompanyOut],
    responses=documented(Unauthenticated, Forbidden, ValidationFailed, InvalidCursor, InvalidSort, InvalidFields),
)
async def list_master_companies(
    ctx: Annotated[Context, requires("master_companies:read")], query: Annotated[MasterCompanyQuery, Query()]
) -> Response:
    """Search the shared directory by a part of the name."""

    async def load(own: Context) -> bytes:
        return encode_page(await service.list_page(own, query))

    # cursors are bound to the company, so pages are not shared between companies although the rows are
    key = CacheKey.of(ctx.company_id, "master_companies", query.model_dump(mode="json"))
    return await cached(ctx, key, load, ttl_s=LIFETIMES["master_companies"], tags=[service.TAG])
