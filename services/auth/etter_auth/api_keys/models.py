"""The API keys' table."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_auth.tables import Base
from etter_common.db.models import CompanyMixin, IdMixin


class ApiKey(IdMixin, CompanyMixin, Base):
    """Made by `user_id`. Of the key itself a hash is kept; nothing about it changes but that it is revoked."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index(None, "company_id", "created_at", "id"),
        Index(None, "company_id", "name", "id"),
        Index(None, "company_id", "expires_at", "id"),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    role: Mapped[str]
    hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]
