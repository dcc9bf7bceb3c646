"""What extraction announces."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from etter_common.events.envelope import EventPayload


class DocumentUploaded(EventPayload):
    type: ClassVar[str] = "extraction.document.uploaded.v1"

    document_id: UUID
    filename: str
    size_bytes: int


class DocumentDeleted(EventPayload):
    type: ClassVar[str] = "extraction.document.deleted.v1"

    document_id: UUID


class JobRequested(EventPayload):
    type: ClassVar[str] = "extraction.job.requested.v1"

    job_id: UUID
    document_ids: list[UUID]


class JobCompleted(EventPayload):
    type: ClassVar[str] = "extraction.job.completed.v1"

    job_id: UUID
    succeeded: int
    failed: int


class JobFailed(EventPayload):
    type: ClassVar[str] = "extraction.job.failed.v1"

    job_id: UUID
    code: str


class JobCancelled(EventPayload):
    type: ClassVar[str] = "extraction.job.cancelled.v1"

    job_id: UUID


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AcceptedTask(_Part):
    fact_id: UUID
    statement: str
    time_share: float | None = Field(default=None, gt=0, le=1, description="of the role's working time, when stated")


class AcceptedWorkload(_Part):
    name: str
    tasks: list[AcceptedTask]


class AcceptedRole(_Part):
    """One role as a document tells it. What the document does not say is null, never invented."""

    fact_id: UUID
    title: str
    department: str | None = None
    level: str | None = None
    location: str | None = None
    headcount: int | None = Field(default=None, ge=0)
    salary: Decimal | None = Field(default=None, ge=0, description="average annual salary")
    currency: str | None = None
    workloads: list[AcceptedWorkload] = []
    skills: list[str] = []


class ExtractionAccepted(EventPayload):
    """A person has accepted what was found. Large headcount sheets come as several parts of at most 500 roles."""

    type: ClassVar[str] = "extraction.extraction.accepted.v1"

    extraction_id: UUID
    document_id: UUID
    filename: str
    kind: Literal["job_description", "headcount", "other"]
    accepted_by: UUID
    part: int = 1
    parts: int = 1
    roles: list[AcceptedRole]


class CompanyErasedByExtraction(EventPayload):
    """The receipt for `auth.company.deleted`: all that extraction had of the company is deleted."""

    type: ClassVar[str] = "extraction.company.erased.v1"

    company_id: UUID
    rows: int
