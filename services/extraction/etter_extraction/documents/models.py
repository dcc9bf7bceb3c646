"""Tables of documents."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin, VersionMixin
from etter_extraction.tables import Base

STATUSES = ("uploaded", "processing", "extracted", "failed", "accepted", "rejected")


class Document(IdMixin, CompanyMixin, TimestampMixin, VersionMixin, Base):
    """One uploaded file; its bytes are in the object store under its id."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status_known"),
        Index("ix_documents_company_id_status_id", "company_id", "status", "id"),
        Index("ix_documents_company_id_created_at_id", "company_id", "created_at", "id"),
        Index("ix_documents_company_id_filename_id", "company_id", "filename", "id"),
        Index("ix_documents_company_id_sha256", "company_id", "sha256"),
    )

    filename: Mapped[str]
    kind: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    status: Mapped[str] = mapped_column(default="uploaded", server_default="uploaded")
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    uploaded_by: Mapped[UUID]
