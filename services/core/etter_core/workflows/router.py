"""Workflows over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_common import fieldsets
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import IfMatch, cached, json_response, requires
from etter_common.errors import InvalidCursor, InvalidFields, InvalidSort, PreconditionFailed, PreconditionRequired
from etter_common.fieldsets import Fields
from etter_common.responses import Data, Page, documented, encode_data
from etter_core.roles.errors import RoleNotFound
from etter_core.workflows import events, service, views
from etter_core.workflows.errors import (
    NothingToScore,
    NotScored,
    SharesDoNotSum,
    UnknownTasks,
    WorkflowExists,
    WorkflowNotFound,
)
from etter_core.workflows.models import Workflow
from etter_core.workflows.schemas import (
    HistoryOut,
    HistoryQuery,
    MetadataOut,
    ScoreOut,
    SubmissionIn,
    ValidationIn,
    WorkflowCreate,
    WorkflowLine,
    WorkflowOut,
    WorkflowQuery,
    WorkloadsIn,
)

router = APIRouter(prefix="/workflows", tags=["workflows"])
me_router = APIRouter(prefix="/me", tags=["workflows"])

Reader = Annotated[Context, requires("workflows:read")]
HistoryReader = Annotated[Context, requires("workflows:read", replica=True)]
Writer = Annotated[Context, requires("workflows:write")]
Validator = Annotated[Context, requires("workflows:validate")]
LIST_ERRORS = (InvalidCursor, InvalidSort, InvalidFields)
MATCH_ERRORS = (WorkflowNotFound, PreconditionFailed, PreconditionRequired)


@router.get("", response_model=Page[WorkflowLine], responses=documented(*LIST_ERRORS))
async def list_workflows(ctx: Reader, query: Annotated[WorkflowQuery, Query()]) -> Response:
    key = CacheKey.of(ctx.company_id, "workflows", query.model_dump(mode="json"))
    tags = [events.stale(ctx.company_id)]
    return await cached(ctx, key, lambda own: service.list_page(own, query), ttl_s=LIFETIMES["lists"], tags=tags)


@router.post(
    "",
    status_code=201,
    response_model=Data[WorkflowOut],
    responses=documented(RoleNotFound, WorkflowExists, SharesDoNotSum),
)
async def create_workflow(ctx: Writer, data: WorkflowCreate) -> Response:
    workflow = await service.create(ctx, data)
    response = _whole(workflow, status=201)
    response.headers["location"] = f"/api/core/v1/workflows/{workflow.id}"
    return response


@router.get("/{workflow_id}", response_model=Data[WorkflowOut], responses=documented(WorkflowNotFound, InvalidFields))
async def get_workflow(ctx: Reader, workflow_id: UUID, fields: Fields = None) -> Response:
    tree = fieldsets.parse(fields, WorkflowOut)
    workflow, _ = await service.get(ctx, workflow_id)
    body = encode_data(views.whole(workflow), tree)
    return json_response(body, version=workflow.version)


@router.delete("/{workflow_id}", status_code=204, responses=documented(*MATCH_ERRORS))
async def delete_workflow(ctx: Writer, workflow_id: UUID, if_match: IfMatch = None) -> None:
    await service.delete(ctx, workflow_id, if_match=if_match)


@router.get(
    "/{workflow_id}/metadata", response_model=Data[MetadataOut], responses=documented(WorkflowNotFound, InvalidFields)
)
async def get_workflow_metadata(ctx: Reader, workflow_id: UUID, fields: Fields = None) -> Response:
    tree = fieldsets.parse(fields, MetadataOut)

    async def load(own: Context) -> bytes:
        return encode_data(views.metadata(*await service.get(own, workflow_id)), tree)

    key = CacheKey.of(ctx.company_id, "workflow_metadata", {"id": str(workflow_id), "fields": fields})
    tags = [events.stale(ctx.company_id)]
    return await cached(ctx, key, load, ttl_s=LIFETIMES["workflow_metadata"], tags=tags)


@router.put(
    "/{workflow_id}/workloads",
    response_model=Data[WorkflowOut],
    responses=documented(*MATCH_ERRORS, SharesDoNotSum),
)
async def replace_workloads(ctx: Writer, workflow_id: UUID, data: WorkloadsIn, if_match: IfMatch = None) -> Response:
    return _whole(await service.replace_workloads(ctx, workflow_id, data.workloads, if_match=if_match))


@router.post(
    "/{workflow_id}/score", response_model=Data[ScoreOut], responses=documented(WorkflowNotFound, NothingToScore)
)
async def score_workflow(ctx: Writer, workflow_id: UUID) -> Response:
    return json_response(encode_data(views.score(await service.score(ctx, workflow_id))))


@router.get(
    "/{workflow_id}/score",
    response_model=Data[ScoreOut],
    responses=documented(WorkflowNotFound, NothingToScore, InvalidFields),
)
async def get_score(ctx: Reader, workflow_id: UUID, fields: Fields = None) -> Response:
    tree = fieldsets.parse(fields, ScoreOut)
    workflow, _ = await service.get(ctx, workflow_id)
    if not workflow.workloads:
        raise NothingToScore
    return json_response(encode_data(views.score(workflow), tree))


@router.post(
    "/{workflow_id}/submissions",
    status_code=201,
    response_model=Data[WorkflowOut],
    responses=documented(WorkflowNotFound, NotScored),
)
async def submit_workflow(ctx: Writer, workflow_id: UUID, data: SubmissionIn) -> Response:
    return _whole(await service.submit(ctx, workflow_id, data), status=201)


@router.post(
    "/{workflow_id}/validations",
    status_code=201,
    response_model=Data[WorkflowOut],
    responses=documented(*MATCH_ERRORS, NotScored, UnknownTasks),
)
async def validate_workflow(
    ctx: Validator, workflow_id: UUID, data: ValidationIn, if_match: IfMatch = None
) -> Response:
    return _whole(await service.validate(ctx, workflow_id, data, if_match=if_match), status=201)


@router.get(
    "/{workflow_id}/history",
    response_model=Page[HistoryOut],
    responses=documented(WorkflowNotFound, *LIST_ERRORS),
)
async def list_workflow_history(ctx: Reader, workflow_id: UUID, params: Annotated[HistoryQuery, Query()]) -> Response:
    return json_response(await service.history_of(ctx, workflow_id, params))


@me_router.get("/workflow-history", response_model=Page[HistoryOut], responses=documented(*LIST_ERRORS))
async def list_my_workflow_history(ctx: HistoryReader, params: Annotated[HistoryQuery, Query()]) -> Response:
    return json_response(await service.my_history(ctx, params))


def _whole(workflow: Workflow, *, status: int = 200) -> Response:
    return json_response(encode_data(views.whole(workflow)), version=workflow.version, status=status)
