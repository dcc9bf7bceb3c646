"""Asks for extraction jobs, and tries again or ends them."""

from __future__ import annotations

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


async def create(ctx: Context, data: ExtractionJobCreate) -> ExtractionJob:
    found = await documents.lock_many(ctx, data.document_ids)
    if accepted := [str(document.id) for document in found if document.status == "accepted"]:
        raise DocumentsAccepted(f"already accepted: {', '.join(accepted)}", accepted=accepted)
    job = ExtractionJobRepository(ctx).add(
        ExtractionJob(requested_by=ctx.user_id, document_ids=[str(document.id) for document in found])
    )
    await ctx.session.flush()
    await jobs.enqueue(ctx, QUEUE, job.id)
    await ctx.publish(events.job_requested(job))
    return job


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
