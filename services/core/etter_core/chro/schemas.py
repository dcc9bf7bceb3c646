"""What crosses the wire about the dashboard. Hours are per year, money is per year in the role's currency."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from etter_common.inputs import note, words
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema


class Quantiles(Schema):
    p5: float
    p50: float
    p95: float


class OutlookMonth(Schema):
    month: int
    heads: Quantiles
    released_fte: Quantiles
    salary_cost: Quantiles


class Outlook(Schema):
    """The newest simulation of the role."""

    simulation_id: UUID
    name: str | None
    automation_factor: float
    simulated_at: datetime
    months: list[OutlookMonth]


class DashboardEntry(Schema):
    role_id: UUID
    workflow_id: UUID | None = Field(description="null: nobody has described this role's work yet")
    title: str
    department: str
    occupation_code: str | None
    headcount: int
    salary: Decimal | None = Field(description="average annual salary of one person")
    currency: str
    status: Literal["draft", "scored", "submitted", "validated"] | None
    source: str | None = Field(description="where the tasks come from: document, occupation or person")
    etter_score: float | None = Field(description="0..100")
    validated_score: float | None = Field(description="0..100, after a person's review")
    scored_at: datetime | None
    validated_by: UUID | None
    validated_by_name: str | None
    validated_at: datetime | None
    automate_share: float | None = Field(description="share of working time in tasks classed automate, 0..1")
    augment_share: float | None
    hours: float = Field(description="working hours of the whole role a year")
    freed_hours: float | None = Field(description="hours a year the exposed tasks would need less")
    freed_fte: float | None
    cost: Decimal | None = Field(description="salaries of the whole role a year")
    freed_cost: Decimal | None = Field(description="salaries a year of the freed time")
    outlook: Outlook | None


class DashboardQuery(PageParams):
    sort: Annotated[
        str | None, sortable("title", "department", "headcount", "etter_score", "validated_score", "freed_fte")
    ] = None
    department: Annotated[str, note(200)] | None = None
    status: Literal["draft", "scored", "submitted", "validated"] | None = None
    q: Annotated[str, words(100)] | None = Field(default=None, description="part of the title")


class Totals(Schema):
    roles: int
    scored_roles: int
    validated_roles: int
    headcount: int
    scored_headcount: int
    hours: float
    freed_hours: float
    freed_fte: float
    cost: Decimal
    freed_cost: Decimal
    etter_score: float | None = Field(description="mean over scored people, 0..100")
    validated_score: float | None = Field(description="mean over people of validated roles, 0..100")


class DepartmentTotals(Totals):
    department: str


class ImpactClassTotals(Schema):
    impact_class: Literal["automate", "augment", "human"]
    hours: float
    share: float = Field(description="of the scored roles' hours, 0..1")


class ScoreBand(Schema):
    low: int = Field(description="inclusive")
    high: int = Field(description="exclusive, but 100 belongs to the last band")
    roles: int
    headcount: int


class Summary(Schema):
    """Money is summed only over roles paid in the company's currency; `other_currencies` names what is left out."""

    currency: str
    other_currencies: list[str]
    total: Totals
    departments: list[DepartmentTotals]
    impact_classes: list[ImpactClassTotals]
    distribution: list[ScoreBand]
