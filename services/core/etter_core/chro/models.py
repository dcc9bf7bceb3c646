"""Projection of the simulations' headline figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin
from etter_core.tables import Base


class RoleOutlook(CompanyMixin, Base):
    """The newest simulation of a role. `months` is a list of {month, heads, released_fte, salary_cost}."""

    __tablename__ = "role_outlooks"
    __table_args__ = (Index("ix_role_outlooks_company_id", "company_id"),)

    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True)
    simulation_id: Mapped[UUID]
    simulation_name: Mapped[str | None]
    automation_factor: Mapped[float]
    months: Mapped[list[Any]]
    simulated_at: Mapped[datetime]
