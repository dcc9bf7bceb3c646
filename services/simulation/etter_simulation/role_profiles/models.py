"""The projection of core's role profiles."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Index, false
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin
from etter_simulation.tables import Base


class RoleProfile(IdMixin, CompanyMixin, TimestampMixin, Base):
    """One role; `id` is core's role id. A deleted role stays as a mark, so that a late profile does not revive it."""

    __tablename__ = "role_profiles"
    __table_args__ = (Index("ix_role_profiles_company_id_title", "company_id", "title"),)

    title: Mapped[str]
    department: Mapped[str | None]
    headcount: Mapped[int]
    salary: Mapped[Decimal | None]
    currency: Mapped[str]
    workloads: Mapped[list[dict[str, Any]]]
    profile_version: Mapped[int]
    is_deleted: Mapped[bool] = mapped_column(default=False, server_default=false())


PROFILE: Final = (
    RoleProfile.id, RoleProfile.title, RoleProfile.department, RoleProfile.headcount,
    RoleProfile.salary, RoleProfile.currency, RoleProfile.workloads,
)  # fmt: skip
"""What a role is simulated with."""

PROFILE_ORDER: Final = (RoleProfile.title, RoleProfile.department, RoleProfile.id)
