"""Redeployment plans over HTTP."""

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
from etter_simulation.redeployment_plans import service
from etter_simulation.redeployment_plans.errors import RedeploymentPlanNotFound, RedeploymentPlanTooLarge
from etter_simulation.redeployment_plans.models import RedeploymentPlan
from etter_simulation.redeployment_plans.schemas import (
    RedeploymentPlanCreate,
    RedeploymentPlanLine,
    RedeploymentPlanOut,
)
from etter_simulation.scenarios.errors import UNKNOWN_SCENARIO

router = APIRouter(prefix="/redeployment-plans", tags=["redeployment plans"])
Reader = Annotated[Context, requires("simulations:read")]
Writer = Annotated[Context, requires("simulations:write")]
_ONE = (*COMMON, RedeploymentPlanNotFound)


@router.post("", status_code=202, responses=documented(*SUBJECT, *UNKNOWN_SCENARIO, RedeploymentPlanTooLarge))
async def create_redeployment_plan(
    ctx: Writer, data: RedeploymentPlanCreate, response: Response
) -> Data[RedeploymentPlanLine]:
    """Plan who moves where in which month, and play the plan before it is shown; follow it at `Location`."""
    plan = await service.create(ctx, data)
    response.headers["location"] = f"/api/simulation/v1/redeployment-plans/{plan.id}"
    return Data[RedeploymentPlanLine].of(RedeploymentPlanLine.model_validate(plan))


@router.get("", response_model=Page[RedeploymentPlanLine], responses=documented(*LISTING))
async def list_redeployment_plans(ctx: Reader, query: Annotated[AnalysisQuery, Query()]) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.get(
    "/{redeployment_plan_id}", response_model=Data[RedeploymentPlanOut], responses=documented(*_ONE, InvalidFields)
)
async def get_redeployment_plan(
    ctx: Reader, redeployment_plan_id: UUID, query: Annotated[FieldsQuery, Query()]
) -> Response:
    return json_response(encode_data(await service.read(ctx, redeployment_plan_id, query.fields)))


@router.get(
    "/{redeployment_plan_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={**documented(*_ONE), **STREAM},
)
async def follow_redeployment_plan(
    ctx: Reader, redeployment_plan_id: UUID, last_event_id: LastEventId = None
) -> Response:
    """Server-sent events `progress`, then `finished`; `Last-Event-ID` goes on after the one it names.

    The stream also ends when the access token expires or the caller may no longer read it: connect again with a new
    token. 204 to a client whose `Last-Event-ID` is that of `finished`.
    """
    await service.read(ctx, redeployment_plan_id, "id")
    return await follow_job(ctx, RedeploymentPlan, redeployment_plan_id, last_event_id)


@router.post("/{redeployment_plan_id}/cancel", status_code=202, responses=documented(*_ONE, JobNotCancellable))
async def cancel_redeployment_plan(ctx: Writer, redeployment_plan_id: UUID) -> Data[RedeploymentPlanLine]:
    plan = await service.cancel(ctx, redeployment_plan_id)
    return Data[RedeploymentPlanLine].of(RedeploymentPlanLine.model_validate(plan))


@router.delete("/{redeployment_plan_id}", status_code=204, responses=documented(*_ONE))
async def delete_redeployment_plan(ctx: Writer, redeployment_plan_id: UUID) -> None:
    """With its figures; one that is under way ends."""
    await service.delete(ctx, redeployment_plan_id)
