"""Asks for extraction jobs, and tries again or ends them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from etter_common import jobs
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.errors import NotFound
from etter_common.jobs import JobStatus
from etter_common.responses import encode_page
from etter_extraction.documents import service as documents
from etter_extraction.extraction_jobs import events
from etter_extraction.extraction_jobs.errors import DocumentsAccepted, ExtractionJobNotFound, JobNotRetryable
from etter_extraction.extraction_jobs.models import QUEUE, ExtractionJob
from etter_extraction.extraction_jobs.repository import ExtractionJobRepository
from etter_extraction.extraction_jobs.schemas import ExtractionJobCreate, ExtractionJobQuery
from etter_extraction.extractions import service as extractions
from etter_extraction.extractions.schemas import ColumnChoices


async def create(ctx: Context, data: ExtractionJobCreate) -> ExtractionJob:
    found = await documents.lock_many(ctx, data.document_ids)
    if accepted := [str(document.id) for document in found if document.status == "accepted"]:
        raise DocumentsAccepted(f"already accepted: {', '.join(accepted)}", accepted=accepted)
    return await _queue(ctx, [document.id for document in found])


async def _queue(ctx: Context, document_ids: Sequence[UUID]) -> ExtractionJob:
    job = ExtractionJobRepository(ctx).add(
        ExtractionJob(requested_by=ctx.user_id, document_ids=[str(id_) for id_ in document_ids])
    )
    await ctx.session.flush()
    await jobs.enqueue(ctx, QUEUE, job.id)
    await ctx.publish(events.job_requested(job))
    return job


async def read_again(ctx: Context, extraction_id: UUID, data: ColumnChoices) -> ExtractionJob:
    """Remember a person's choice of columns and queue the document for another reading by it.

    The document is not locked: facts that are accepted meanwhile stay as they are.
    """
    return await _queue(ctx, [await extractions.choose_columns(ctx, extraction_id, data.columns)])


async def cancel(ctx: Context, job_id: UUID) -> ExtractionJob:
    """Ask for the job's end; a queued one ends at once."""
    try:
        job = await jobs.request_cancel(ctx, ExtractionJob, job_id)
    except NotFound as error:
        raise ExtractionJobNotFound from error
    if job.status == JobStatus.CANCELLED:
        await ctx.publish(events.job_cancelled(ctx.company_id, job_id))
    await ctx.session.flush()
    return job


async def retry(ctx: Context, job_id: UUID) -> ExtractionJob:
    """Queue a failed or cancelled job again; documents that are done stay done."""
    job = await ExtractionJobRepository(ctx).get(job_id, for_update=True)
    if job.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
        raise JobNotRetryable(status=job.status)
    job.status, job.cancel_requested, job.queued_at = JobStatus.QUEUED.value, False, utc_now()
    job.error_code = job.error_detail = job.finished_at = job.stage = None
    await ctx.session.flush()
    await jobs.enqueue(ctx, QUEUE, job.id)
    await ctx.publish(events.job_requested(job))
    return job


async def get(ctx: Context, job_id: UUID) -> ExtractionJob:
    return await ExtractionJobRepository(ctx).get(job_id)


async def list_page(ctx: Context, query: ExtractionJobQuery) -> bytes:
    return encode_page(await ExtractionJobRepository(ctx).list_page(query))
