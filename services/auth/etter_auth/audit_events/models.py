"""The audit log's table. Row-level security lets nobody change or delete a row; only a company's end takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_auth.tables import Base
from etter_common.clock import utc_now
from etter_common.db.models import IdMixin


class AuditEvent(IdMixin, Base):
    __tablename__ = "audit_events"
    __table_args__ = (
        Index(None, "company_id", "created_at", "id"),
        Index(None, "company_id", "action", "created_at", "id"),
        Index(None, "company_id", "actor_id", "created_at", "id"),
        Index(None, "company_id", "target_id", "created_at", "id"),
    )

    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    action: Mapped[str]
    outcome: Mapped[str]
    actor_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
    client_ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    request_id: Mapped[str]
