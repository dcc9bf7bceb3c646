"""Tables of scenarios: the scenario as it is, all it ever was, and the roles it was made for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.clock import utc_now
from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin, VersionMixin
from etter_simulation.tables import Base


class ScenarioMixin:
    """What a version says. `assumptions` are complete, so that a later default does not move them.

    `roles` is where they come from: "current" at each run, or a baseline, taken from the company ("frozen") or given
    ("explicit"). `baseline` tells about it without the roles themselves.
    """

    name: Mapped[str]
    description: Mapped[str | None]
    assumptions: Mapped[dict[str, Any]]
    roles: Mapped[str]
    baseline_id: Mapped[UUID | None]
    baseline: Mapped[dict[str, Any] | None]


class Scenario(IdMixin, CompanyMixin, TimestampMixin, VersionMixin, ScenarioMixin, Base):
    """The latest version."""

    __tablename__ = "scenarios"

    created_by: Mapped[UUID]
    updated_by: Mapped[UUID]


class ScenarioVersion(IdMixin, CompanyMixin, ScenarioMixin, Base):
    """A version, as it was made; it never changes."""

    __tablename__ = "scenario_versions"
    __table_args__ = (
        UniqueConstraint("company_id", "scenario_id", "version"),
        Index("ix_scenario_versions_scenario_id", "scenario_id"),
    )

    scenario_id: Mapped[UUID] = mapped_column(ForeignKey("scenarios.id", ondelete="CASCADE"))
    version: Mapped[int]
    made_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=func.now())


class Baseline(IdMixin, CompanyMixin, Base):
    """A role set that does not change; versions share it until one is re-based. `role_ids` are core's, or null."""

    __tablename__ = "scenario_baselines"
    __table_args__ = (Index("ix_scenario_baselines_scenario_id", "scenario_id"),)

    scenario_id: Mapped[UUID] = mapped_column(ForeignKey("scenarios.id", ondelete="CASCADE"))
    roles: Mapped[list[dict[str, Any]]]
    role_ids: Mapped[list[Any]]
    left_out: Mapped[list[dict[str, Any]]]
    currency: Mapped[str]
    taken_at: Mapped[datetime]


Index("uq_scenarios_company_id_name", Scenario.company_id, func.lower(Scenario.name), unique=True)
Index("ix_scenarios_company_id_created_at_id", Scenario.company_id, Scenario.created_at, Scenario.id)
Index("ix_scenarios_company_id_updated_at_id", Scenario.company_id, Scenario.updated_at, Scenario.id)
