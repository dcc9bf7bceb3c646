"""The users' table."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from etter_auth.tables import Base
from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin, VersionMixin


class User(IdMixin, CompanyMixin, TimestampMixin, VersionMixin, Base):
    """A person is a company and an address: another company may have a user of the same address (decision 0017).

    `email` and `username` are kept in lower case, so that a plain index finds them.

    An index on `lower(email)` would not be used: row-level security runs before functions that are not leakproof.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("company_id", "email"),
        UniqueConstraint("company_id", "username"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("username = lower(username)", name="username_lower"),
        Index(None, "email"),  # a sign-in that names no company
        Index(None, "company_id", "name", "id"),
        Index(None, "company_id", "email", "id"),
        Index(None, "company_id", "created_at", "id"),
        Index("ix_users_roles", "roles", postgresql_using="gin", postgresql_ops={"roles": "jsonb_path_ops"}),
    )

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    email: Mapped[str]
    username: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True)
    deactivated_at: Mapped[datetime | None]
