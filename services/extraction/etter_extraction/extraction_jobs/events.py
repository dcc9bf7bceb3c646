"""What extraction jobs announce."""

from __future__ import annotations

from uuid import UUID

from etter_common.events.contracts.extraction import JobCancelled, JobCompleted, JobFailed, JobRequested
from etter_common.events.envelope import Event
from etter_extraction.extraction_jobs.models import ExtractionJob


def job_requested(job: ExtractionJob) -> Event:
    payload = JobRequested(job_id=job.id, document_ids=[UUID(str(id_)) for id_ in job.document_ids])
    return Event.of(payload, company_id=job.company_id, aggregate_id=job.id)


def job_completed(company_id: UUID, job_id: UUID, *, succeeded: int, failed: int) -> Event:
    payload = JobCompleted(job_id=job_id, succeeded=succeeded, failed=failed)
    return Event.of(payload, company_id=company_id, aggregate_id=job_id)


def job_failed(company_id: UUID, job_id: UUID, code: str) -> Event:
    return Event.of(JobFailed(job_id=job_id, code=code), company_id=company_id, aggregate_id=job_id)


def job_cancelled(company_id: UUID, job_id: UUID) -> Event:
    return Event.of(JobCancelled(job_id=job_id), company_id=company_id, aggregate_id=job_id)
