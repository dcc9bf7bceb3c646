"""The sessions' table, and when a session has ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_auth.tables import Base
from etter_common.db.models import CompanyMixin, IdMixin


class Session(IdMixin, CompanyMixin, Base):
    """One sign-in. Of its refresh tokens only the newest one's hash is kept, and of the one before it.

    `roles` are the user's at sign-in: a change of roles ends the user's sessions.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index(None, "company_id", "user_id", "created_at", "id"),
        Index(None, "company_id", "created_at"),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    roles: Mapped[list[str]]
    amr: Mapped[list[str]]
    refresh_hash: Mapped[bytes]
    previous_hash: Mapped[bytes | None]
    successor_sealed: Mapped[bytes | None]
    rotated_at: Mapped[datetime | None]
    rotated_by: Mapped[str | None]  # a user agent; a grace answer to another one is noted
    client_ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]

    def has_ended(self, now: datetime, *, idle: timedelta) -> bool:
        return self.ended_at is not None or now >= self.expires_at or now >= self.last_used_at + idle


Index("ix_sessions_ended_at", Session.ended_at, postgresql_where=Session.ended_at.is_not(None))
