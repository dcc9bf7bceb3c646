"""Automation roadmaps over HTTP."""

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
from etter_simulation.automation_roadmaps import service
from etter_simulation.automation_roadmaps.errors import AutomationRoadmapNotFound, AutomationRoadmapTooLarge
from etter_simulation.automation_roadmaps.models import AutomationRoadmap
from etter_simulation.automation_roadmaps.schemas import (
    AutomationRoadmapCreate,
    AutomationRoadmapLine,
    AutomationRoadmapOut,
)
from etter_simulation.scenarios.errors import UNKNOWN_SCENARIO

router = APIRouter(prefix="/automation-roadmaps", tags=["automation roadmaps"])
Reader = Annotated[Context, requires("simulations:read")]
Writer = Annotated[Context, requires("simulations:write")]
_ONE = (*COMMON, AutomationRoadmapNotFound)


@router.post("", status_code=202, responses=documented(*SUBJECT, *UNKNOWN_SCENARIO, AutomationRoadmapTooLarge))
async def create_automation_roadmap(
    ctx: Writer, data: AutomationRoadmapCreate, response: Response
) -> Data[AutomationRoadmapLine]:
    """Plan what to automate when, and play the plan before it is shown; follow it at `Location`."""
    roadmap = await service.create(ctx, data)
    response.headers["location"] = f"/api/simulation/v1/automation-roadmaps/{roadmap.id}"
    return Data[AutomationRoadmapLine].of(AutomationRoadmapLine.model_validate(roadmap))


@router.get("", response_model=Page[AutomationRoadmapLine], responses=documented(*LISTING))
async def list_automation_roadmaps(ctx: Reader, query: Annotated[AnalysisQuery, Query()]) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.get(
    "/{automation_roadmap_id}", response_model=Data[AutomationRoadmapOut], responses=documented(*_ONE, InvalidFields)
)
async def get_automation_roadmap(
    ctx: Reader, automation_roadmap_id: UUID, query: Annotated[FieldsQuery, Query()]
) -> Response:
    return json_response(encode_data(await service.read(ctx, automation_roadmap_id, query.fields)))


@router.get(
    "/{automation_roadmap_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={**documented(*_ONE), **STREAM},
)
async def follow_automation_roadmap(
    ctx: Reader, automation_roadmap_id: UUID, last_event_id: LastEventId = None
) -> Response:
    """Server-sent events `progress`, then `finished`; `Last-Event-ID` goes on after the one it names.

    The stream also ends when the access token expires or the caller may no longer read it: connect again with a new
    token. 204 to a client whose `Last-Event-ID` is that of `finished`.
    """
    await service.read(ctx, automation_roadmap_id, "id")
    return await follow_job(ctx, AutomationRoadmap, automation_roadmap_id, last_event_id)


@router.post("/{automation_roadmap_id}/cancel", status_code=202, responses=documented(*_ONE, JobNotCancellable))
async def cancel_automation_roadmap(ctx: Writer, automation_roadmap_id: UUID) -> Data[AutomationRoadmapLine]:
    roadmap = await service.cancel(ctx, automation_roadmap_id)
    return Data[AutomationRoadmapLine].of(AutomationRoadmapLine.model_validate(roadmap))


@router.delete("/{automation_roadmap_id}", status_code=204, responses=documented(*_ONE))
async def delete_automation_roadmap(ctx: Writer, automation_roadmap_id: UUID) -> None:
    """With its figures; one that is under way ends."""
    await service.delete(ctx, automation_roadmap_id)
