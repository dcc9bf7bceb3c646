"""What crosses the wire about extraction jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, field_validator

from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

MAX_DOCUMENTS = 500
Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class ExtractionJobCreate(Schema):
    document_ids: list[UUID] = Field(min_length=1, max_length=MAX_DOCUMENTS)

    @field_validator("document_ids")
    @classmethod
    def _once_each(cls, ids: list[UUID]) -> list[UUID]:
        return list(dict.fromkeys(ids))


class DocumentResult(Schema):
    document_id: UUID
    status: Literal["extracted", "failed"]
    error_code: str | None
    error_detail: str | None


class ExtractionJobOut(Schema):
    id: UUID
    status: Status
    progress: float = Field(description="0..1")
    stage: str | None
    eta_seconds: int | None
    attempts: int
    error_code: str | None
    error_detail: str | None
    document_ids: list[UUID]
    results: list[DocumentResult] = Field(description="one per finished document")
    requested_by: UUID
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    created_at: datetime


class ExtractionJobQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at")] = None
    status: Status | None = None
