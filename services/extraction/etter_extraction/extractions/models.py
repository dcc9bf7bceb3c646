"""Tables of extractions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin, VersionMixin
from etter_extraction.tables import Base


class Extraction(IdMixin, CompanyMixin, TimestampMixin, VersionMixin, Base):
    """All facts of one document in one row: they are read, corrected and accepted together.

    `pages` is the text the facts' offsets count in, as it was when they were found. `report` holds the notes on what
    was left out, guessed or doubtful, `mappings` how tables of people were read.
    """

    __tablename__ = "extractions"
    __table_args__ = (
        UniqueConstraint("document_id"),
        CheckConstraint("status IN ('ready', 'accepted', 'rejected')", name="status_known"),
        Index("ix_extractions_company_id_status_id", "company_id", "status", "id"),
    )

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    job_id: Mapped[UUID | None]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="ready", server_default="ready")
    facts: Mapped[list[Any]] = mapped_column(default=list)
    pages: Mapped[list[Any]] = mapped_column(default=list, deferred=True)
    warnings: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    report: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    mappings: Mapped[list[Any]] = mapped_column(default=list, server_default="[]", deferred=True)
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]


class ColumnChoice(CompanyMixin, Base):
    """Which field a person chose for a heading; it holds for all files of the company. `heading` is normal."""

    __tablename__ = "column_choices"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    heading: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str]
    chosen_by: Mapped[UUID | None]
    chosen_at: Mapped[datetime]
