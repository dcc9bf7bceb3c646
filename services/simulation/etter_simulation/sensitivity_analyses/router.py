"""Sensitivity analyses over HTTP."""

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
from etter_simulation.analyses.routes import COMMON, LISTING, STREAM, SUBJECT, LastEventId
from etter_simulation.analyses.schemas import AnalysisQuery
from etter_simulation.scenarios.errors import UNKNOWN_SCENARIO
from etter_simulation.sensitivity_analyses import service
from etter_simulation.sensitivity_analyses.errors import SensitivityAnalysisNotFound, SensitivityAnalysisTooLarge
from etter_simulation.sensitivity_analyses.models import SensitivityAnalysis
from etter_simulation.sensitivity_analyses.schemas import (
    SensitivityAnalysisCreate,
    SensitivityAnalysisLine,
    SensitivityAnalysisOut,
)

router = APIRouter(prefix="/sensitivity-analyses", tags=["sensitivity analyses"])
Reader = Annotated[Context, requires("simulations:read")]
Writer = Annotated[Context, requires("simulations:write")]
_ONE = (*COMMON, SensitivityAnalysisNotFound)


@router.post("", status_code=202, responses=documented(*SUBJECT, *UNKNOWN_SCENARIO, SensitivityAnalysisTooLarge))
async def create_sensitivity_analysis(
    ctx: Writer, data: SensitivityAnalysisCreate, response: Response
) -> Data[SensitivityAnalysisLine]:
    """Evaluate a simulation's request all over its parameters' ranges; follow it at `Location`."""
    analysis = await service.create(ctx, data)
    response.headers["location"] = f"/api/simulation/v1/sensitivity-analyses/{analysis.id}"
    return Data[SensitivityAnalysisLine].of(SensitivityAnalysisLine.model_validate(analysis))


@router.get("", response_model=Page[SensitivityAnalysisLine], responses=documented(*LISTING))
async def list_sensitivity_analyses(ctx: Reader, query: Annotated[AnalysisQuery, Query()]) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.get(
    "/{sensitivity_analysis_id}",
    response_model=Data[SensitivityAnalysisOut],
    responses=documented(*_ONE, InvalidFields),
)
async def get_sensitivity_analysis(
    ctx: Reader, sensitivity_analysis_id: UUID, query: Annotated[FieldsQuery, Query()]
) -> Response:
    return json_response(encode_data(await service.read(ctx, sensitivity_analysis_id, query.fields)))


@router.get(
    "/{sensitivity_analysis_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={**documented(*_ONE), **STREAM},
)
async def follow_sensitivity_analysis(
    ctx: Reader, sensitivity_analysis_id: UUID, last_event_id: LastEventId = None
) -> Response:
    """Server-sent events `progress`, then `finished`; `Last-Event-ID` goes on after the one it names.

    The stream also ends when the access token expires or the caller may no longer read it: connect again with a new
    token. 204 to a client whose `Last-Event-ID` is that of `finished`.
    """
    await service.read(ctx, sensitivity_analysis_id, "id")
    return await follow_job(ctx, SensitivityAnalysis, sensitivity_analysis_id, last_event_id)


@router.post("/{sensitivity_analysis_id}/cancel", status_code=202, responses=documented(*_ONE, JobNotCancellable))
async def cancel_sensitivity_analysis(ctx: Writer, sensitivity_analysis_id: UUID) -> Data[SensitivityAnalysisLine]:
    analysis = await service.cancel(ctx, sensitivity_analysis_id)
    return Data[SensitivityAnalysisLine].of(SensitivityAnalysisLine.model_validate(analysis))


@router.delete("/{sensitivity_analysis_id}", status_code=204, responses=documented(*_ONE))
async def delete_sensitivity_analysis(ctx: Writer, sensitivity_analysis_id: UUID) -> None:
    """With its figures; one that is under way ends."""
    await service.delete(ctx, sensitivity_analysis_id)
