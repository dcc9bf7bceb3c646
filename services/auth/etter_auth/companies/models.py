"""The tenants' table: a row's id is the `company_id` of everything the company owns."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_auth.tables import Base
from etter_common.db.models import IdMixin, TimestampMixin, VersionMixin


class Company(IdMixin, TimestampMixin, VersionMixin, Base):
    """Two may have one name: a tenant must not learn by a refusal what others are called (decision 0017)."""

    __tablename__ = "companies"

    name: Mapped[str]
    currency: Mapped[str]
    master_company_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("master_companies.id", ondelete="SET NULL"), index=True
    )

    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index(None, "created_at", "id"),
    )
