"""Tables of workflows. Shares are 0..1 of the role's working time, scores 0..100."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin, VersionMixin
from etter_core.tables import Base


class Workflow(IdMixin, CompanyMixin, TimestampMixin, VersionMixin, Base):
    """One role's deconstruction. `version` is also the version of the published role profile."""

    __tablename__ = "workflows"
    __table_args__ = (
        UniqueConstraint("company_id", "role_id"),
        CheckConstraint("status IN ('draft', 'scored', 'submitted', 'validated')", name="status_known"),
        CheckConstraint("source IN ('document', 'occupation', 'person')", name="source_known"),
        Index("ix_workflows_company_id_status_id", "company_id", "status", "id"),
        Index("ix_workflows_company_id_etter_score_id", "company_id", "etter_score", "id"),
        Index("ix_workflows_company_id_updated_at_id", "company_id", "updated_at", "id"),
        Index("ix_workflows_role_id", "role_id"),
    )

    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(default="draft", server_default="draft")
    source: Mapped[str]
    source_ref: Mapped[str | None]  # the document's file name, or the occupation's code
    skills: Mapped[list[str]] = mapped_column(default=list)
    workloads: Mapped[list[Any]] = mapped_column(default=list)  # see document.py
    etter_score: Mapped[float | None]
    validated_score: Mapped[float | None]
    automate_share: Mapped[float | None]
    augment_share: Mapped[float | None]
    freed_share: Mapped[float | None]
    scored_at: Mapped[datetime | None]
    submitted_by: Mapped[UUID | None]
    submitted_at: Mapped[datetime | None]
    validated_by: Mapped[UUID | None]
    validated_at: Mapped[datetime | None]


class WorkflowHistory(IdMixin, CompanyMixin, Base):
    """Who did what to which workflow when. Rows are only ever added."""

    __tablename__ = "user_workflow_history"
    __table_args__ = (
        Index("ix_user_workflow_history_company_id_workflow_id_id", "company_id", "workflow_id", "id"),
        Index("ix_user_workflow_history_company_id_user_id_id", "company_id", "user_id", "id"),
        Index("ix_user_workflow_history_workflow_id", "workflow_id"),
    )

    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
