"""What simulation announces."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from etter_common.events.envelope import EventPayload


class RunRequested(EventPayload):
    type: ClassVar[str] = "simulation.run.requested.v1"

    simulation_id: UUID
    roles: int
    iterations: int
    steps: int


class Quantiles(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    p5: float
    p50: float
    p95: float


class RoleOutlook(BaseModel):
    """Where one role stands in one month of a run, over all iterations."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role_id: UUID | None
    title: str
    month: int
    heads: Quantiles
    released_fte: Quantiles
    salary_cost: Quantiles


class RunCompleted(EventPayload):
    """Headline figures per role at months 12, 36, 60 and 120 (those the run reaches, and its last)."""

    type: ClassVar[str] = "simulation.run.completed.v1"

    simulation_id: UUID
    name: str | None
    automation_factor: float
    steps: int
    outlook: list[RoleOutlook]


class RunFailed(EventPayload):
    type: ClassVar[str] = "simulation.run.failed.v1"

    simulation_id: UUID
    code: str


class RunCancelled(EventPayload):
    type: ClassVar[str] = "simulation.run.cancelled.v1"

    simulation_id: UUID


class CompanyErasedBySimulation(EventPayload):
    """The receipt for `auth.company.deleted`: all that simulation had of the company is deleted."""

    type: ClassVar[str] = "simulation.company.erased.v1"

    company_id: UUID
    rows: int
