"""Tables of extraction jobs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin
from etter_common.jobs import JobMixin, Queue, job_indexes
from etter_extraction.tables import Base

QUEUE = Queue("extraction")


class ExtractionJob(IdMixin, CompanyMixin, JobMixin, TimestampMixin, Base):
    """`results` has one entry per finished document: {document_id, status, error_code, error_detail}."""

    __tablename__ = "extraction_jobs"
    __table_args__ = (
        *job_indexes("extraction_jobs"),
        Index("ix_extraction_jobs_company_id_status_id", "company_id", "status", "id"),
        Index("ix_extraction_jobs_company_id_created_at_id", "company_id", "created_at", "id"),
    )

    requested_by: Mapped[UUID]
    document_ids: Mapped[list[Any]]
    results: Mapped[list[Any]] = mapped_column(default=list)
