"""What core announces."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from etter_common.events.envelope import EventPayload


class RoleChanged(EventPayload):
    """A role was created or changed. `version` only grows; a reader drops what is older than it knows."""

    type: ClassVar[str] = "core.role.changed.v1"

    role_id: UUID
    title: str
    department: str | None
    version: int


class RoleDeleted(EventPayload):
    type: ClassVar[str] = "core.role.deleted.v1"

    role_id: UUID
    version: int


class ProfileWorkload(BaseModel):
    """A workload as the simulation needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    type: Literal["Auto", "Non-Auto"]
    skill: float = Field(ge=0, le=1)
    time: float = Field(gt=0, le=1, description="share of working time; the workloads of a role sum to 1")
    ceiling: float = Field(ge=0, le=1, description="largest share of the workload that can be automated")


class WorkflowPublished(EventPayload):
    """The whole role profile: a projection needs nothing else. Sent at every change of what it holds."""

    type: ClassVar[str] = "core.workflow.published.v1"

    workflow_id: UUID
    role_id: UUID
    title: str
    department: str | None
    headcount: int = Field(ge=0)
    salary: Decimal | None = Field(description="average annual salary of the role")
    currency: str
    etter_score: float | None
    validated_score: float | None
    workloads: list[ProfileWorkload]
    version: int = Field(description="of the role profile; only grows")


class ScoreComputed(EventPayload):
    type: ClassVar[str] = "core.score.computed.v1"

    workflow_id: UUID
    role_id: UUID
    etter_score: float = Field(ge=0, le=100)


class ScoreValidated(EventPayload):
    type: ClassVar[str] = "core.score.validated.v1"

    workflow_id: UUID
    role_id: UUID
    validated_score: float = Field(ge=0, le=100)
    user_id: UUID


class CompanyErasedByCore(EventPayload):
    """The receipt for `auth.company.deleted`: all that core had of the company is deleted."""

    type: ClassVar[str] = "core.company.erased.v1"

    company_id: UUID
    rows: int
