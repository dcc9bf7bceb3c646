"""Comparisons over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_common.context import Context
from etter_common.deps import json_response, requires
from etter_common.errors import InvalidFields
from etter_common.fieldsets import FieldsQuery
from etter_common.job_events import follow_job
from etter_common.jobs.queue import JobNotCancellable
from etter_common.responses import Data, Page, documented, encode_data, encode_page
from etter_common.sse import EventStream
from etter_simulation.analyses.routes import COMMON, LISTING, STARTING, STREAM, LastEventId
from etter_simulation.analyses.schemas import AnalysisQuery
from etter_simulation.comparisons import service
from etter_simulation.comparisons.errors import (
    AlternativesDiffer,
    ComparisonNotFound,
    ComparisonTooLarge,
    UnknownAlternative,
)
from etter_simulation.comparisons.models import Comparison
from etter_simulation.comparisons.schemas import ComparisonCreate, ComparisonLine, ComparisonOut
from etter_simulation.role_profiles.errors import MixedCurrencies, NoRoleProfiles, TooManyRoleProfiles

router = APIRouter(prefix="/comparisons", tags=["comparisons"])
Reader = Annotated[Context, requires("simulations:read")]
Writer = Annotated[Context, requires("simulations:write")]
_ONE = (*COMMON, ComparisonNotFound)


@router.post(
    "",
    status_code=202,
    responses=documented(
        *STARTING, UnknownAlternative, AlternativesDiffer, ComparisonTooLarge,
        NoRoleProfiles, TooManyRoleProfiles, MixedCurrencies,
    ),
)  # fmt: skip
async def create_comparison(ctx: Writer, data: ComparisonCreate, response: Response) -> Data[ComparisonLine]:
    """Play the alternatives with the same random numbers; follow it at `Location`."""
    comparison = await service.create(ctx, data)
    response.headers["location"] = f"/api/simulation/v1/comparisons/{comparison.id}"
    return Data[ComparisonLine].of(ComparisonLine.model_validate(comparison))


@router.get("", response_model=Page[ComparisonLine], responses=documented(*LISTING))
async def list_comparisons(ctx: Reader, query: Annotated[AnalysisQuery, Query()]) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.get("/{comparison_id}", response_model=Data[ComparisonOut], responses=documented(*_ONE, InvalidFields))
async def get_comparison(ctx: Reader, comparison_id: UUID, query: Annotated[FieldsQuery, Query()]) -> Response:
    return json_response(encode_data(await service.read(ctx, comparison_id, query.fields)))


@router.get(
    "/{comparison_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={**documented(*_ONE), **STREAM},
)
async def follow_comparison(ctx: Reader, comparison_id: UUID, last_event_id: LastEventId = None) -> Response:
    """Server-sent events `progress`, then `finished`; `Last-Event-ID` goes on after the one it names.

    The stream also ends when the access token expires or the caller may no longer read it: connect again with a new
    token. 204 to a client whose `Last-Event-ID` is that of `finished`.
    """
    await service.read(ctx, comparison_id, "id")
    return await follow_job(ctx, Comparison, comparison_id, last_event_id)


@router.post("/{comparison_id}/cancel", status_code=202, responses=documented(*_ONE, JobNotCancellable))
async def cancel_comparison(ctx: Writer, comparison_id: UUID) -> Data[ComparisonLine]:
    comparison = await service.cancel(ctx, comparison_id)
    return Data[ComparisonLine].of(ComparisonLine.model_validate(comparison))


@router.delete("/{comparison_id}", status_code=204, responses=documented(*_ONE))
async def delete_comparison(ctx: Writer, comparison_id: UUID) -> None:
    """With its figures; one that is under way ends."""
    await service.delete(ctx, comparison_id)
