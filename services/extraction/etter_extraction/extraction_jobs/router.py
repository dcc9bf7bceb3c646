"""Extraction jobs over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from etter_common import fieldsets
from etter_common.context import Context
from etter_common.deps import json_response, requires
from etter_common.errors import IdempotencyKeyReused, InvalidCursor, InvalidFields, InvalidIdempotencyKey, InvalidSort
from etter_common.fieldsets import Fields
from etter_common.job_events import follow_job
from etter_common.jobs.queue import JobNotCancellable
from etter_common.responses import Data, Page, documented, encode_data
from etter_common.sse import EventStream, documented_stream
from etter_extraction.documents.errors import DocumentNotFound
from etter_extraction.extraction_jobs import service
from etter_extraction.extraction_jobs.errors import DocumentsAccepted, ExtractionJobNotFound, JobNotRetryable
from etter_extraction.extraction_jobs.models import ExtractionJob
from etter_extraction.extraction_jobs.schemas import ExtractionJobCreate, ExtractionJobOut, ExtractionJobQuery
from etter_extraction.extractions.errors import ColumnNotFound, ExtractionNotFound, ExtractionReviewed
from etter_extraction.extractions.schemas import ColumnChoices

router = APIRouter(prefix="/extraction-jobs", tags=["extraction jobs"])
extractions_router = APIRouter(prefix="/extractions", tags=["extractions"])
_STREAM = documented_stream("the job's progress")


@router.post(
    "",
    status_code=202,
    responses=documented(DocumentNotFound, DocumentsAccepted, IdempotencyKeyReused, InvalidIdempotencyKey),
)
async def create_extraction_job(
    ctx: Annotated[Context, requires("documents:write")], data: ExtractionJobCreate, response: Response
) -> Data[ExtractionJobOut]:
    """Queue the work on documents; follow it at `Location`."""
    job = await service.create(ctx, data)
    response.headers["location"] = f"/api/extraction/v1/extraction-jobs/{job.id}"
    return Data[ExtractionJobOut].of(ExtractionJobOut.model_validate(job))


@extractions_router.put(
    "/{extraction_id}/mapping",
    status_code=202,
    responses=documented(ExtractionNotFound, ExtractionReviewed, ColumnNotFound, DocumentsAccepted),
)
async def choose_columns(
    ctx: Annotated[Context, requires("extractions:review")],
    extraction_id: UUID,
    data: ColumnChoices,
    response: Response,
) -> Data[ExtractionJobOut]:
    """Choose fields for columns. The company's files are read by them from now on, this one at once."""
    job = await service.read_again(ctx, extraction_id, data)
    response.headers["location"] = f"/api/extraction/v1/extraction-jobs/{job.id}"
    return Data[ExtractionJobOut].of(ExtractionJobOut.model_validate(job))


@router.get("", response_model=Page[ExtractionJobOut], responses=documented(InvalidCursor, InvalidSort, InvalidFields))
async def list_extraction_jobs(
    ctx: Annotated[Context, requires("documents:read")], query: Annotated[ExtractionJobQuery, Query()]
) -> Response:
    return json_response(await service.list_page(ctx, query))


@router.get(
    "/{job_id}", response_model=Data[ExtractionJobOut], responses=documented(ExtractionJobNotFound, InvalidFields)
)
async def get_extraction_job(
    ctx: Annotated[Context, requires("documents:read")],
    job_id: UUID,
    fields: Fields = None,
) -> Response:
    tree = fieldsets.parse(fields, ExtractionJobOut)
    job = ExtractionJobOut.model_validate(await service.get(ctx, job_id))
    return json_response(encode_data(job.model_dump(), tree))


@router.get(
    "/{job_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={**documented(ExtractionJobNotFound), **_STREAM},
)
async def follow_extraction_job(
    ctx: Annotated[Context, requires("documents:read")],
    job_id: UUID,
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Server-sent events `progress`, then `finished`; `Last-Event-ID` goes on after the one it names.

    The stream also ends when the access token expires or the caller may no longer read it: connect again with a new
    token. 204 to a client whose `Last-Event-ID` is that of `finished`.
    """
    await service.get(ctx, job_id)
    return await follow_job(ctx, ExtractionJob, job_id, last_event_id)


@router.post("/{job_id}/cancel", status_code=202, responses=documented(ExtractionJobNotFound, JobNotCancellable))
async def cancel_extraction_job(
    ctx: Annotated[Context, requires("documents:write")], job_id: UUID
) -> Data[ExtractionJobOut]:
    return Data[ExtractionJobOut].of(ExtractionJobOut.model_validate(await service.cancel(ctx, job_id)))


@router.post("/{job_id}/retry", status_code=202, responses=documented(ExtractionJobNotFound, JobNotRetryable))
async def retry_extraction_job(
    ctx: Annotated[Context, requires("documents:write")], job_id: UUID
) -> Data[ExtractionJobOut]:
    return Data[ExtractionJobOut].of(ExtractionJobOut.model_validate(await service.retry(ctx, job_id)))
