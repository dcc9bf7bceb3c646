"""What crosses the wire about automation roadmaps."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from etter_common.responses import Schema
from etter_simulation.analyses.plan_schemas import PlanLine, SimulatedFigure
from etter_simulation.engine.request import Name
from etter_simulation.subjects import SubjectIn

MAX_YEARS = 10
MAX_ROADMAP_STEPS = 12 * MAX_YEARS
Money = Annotated[float, Field(ge=0, le=1e12)]


class StartCost(Schema):
    """What starting one Auto workload costs at once."""

    role: Name
    workload: Name
    cost: Money


class AutomationRoadmapCreate(SubjectIn):
    """Which Auto workloads to start in which quarter, for the most saved within the budget.

    The request's months must be whole quarters, at most ten years.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Three years",
                    "simulation_id": "0198f3c2-0000-7000-8000-000000000001",
                    "yearly_budget": [200000, 150000],
                    "start_cost": 40000,
                    "max_fall_per_quarter": 0.02,
                }
            ]
        }
    )

    name: Name | None = None
    yearly_budget: Annotated[list[Money], Field(min_length=1, max_length=MAX_YEARS)] = Field(
        description="currency by year, for starts, training and licences; what is left goes over, the last is repeated"
    )
    start_cost: Money = Field(default=0.0, description="of every Auto workload that start_costs does not name")
    start_costs: Annotated[list[StartCost], Field(max_length=10_000)] = Field(default=[])
    value: Literal["payroll", "time"] = Field(
        default="payroll", description="payroll: freed time counts once posts go; time: all of it counts as it is paid"
    )
    max_fall_per_quarter: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="share of all posts that may go in one quarter"
    )
    time_limit_s: Annotated[float, Field(ge=1, le=120)] = Field(default=30.0, description="of the optimisation")

    def terms(self) -> dict[str, Any]:
        """What the roadmap is made with, beside the request."""
        return {
            "budget": self.yearly_budget,
            "max_fall": self.max_fall_per_quarter,
            **self.model_dump(include={"start_cost", "start_costs", "value", "time_limit_s"}),
        }


class StartOut(Schema):
    """An Auto workload; `quarter` counts from 1, null: it does not start."""

    role: str
    workload: str
    quarter: int | None
    start_month: int | None = Field(description="as `start_month` of the workload in a simulation's request")
    start_cost: float
    running_cost: float = Field(description="expected training and licences to the last month")
    freed_share_at_end: float = Field(description="expected share of the role's working time freed in the last quarter")


class Spending(Schema):
    quarter: int
    spent: float
    spent_so_far: float
    budget_so_far: float


class AutomationRoadmapResult(Schema):
    """`objective` and `bound`: currency saved less spent over all months; `gap` = (bound - objective) / |objective|."""

    starts: list[StartOut]
    value: Literal["payroll", "time"]
    objective: float = Field(description="of this roadmap, by expected curves")
    bound: float = Field(description="no roadmap has more")
    gap: float
    is_optimal: bool = Field(description="false: the time limit ended the search")
    spending: list[Spending]
    simulated: list[SimulatedFigure] = Field(description="beside the same request with nothing started")


class AutomationRoadmapLine(PlanLine):
    """An automation roadmap as a job."""

    simulation_id: UUID | None


class AutomationRoadmapOut(AutomationRoadmapLine):
    """With its starts; `result` is null until it has succeeded."""

    result: AutomationRoadmapResult | None
