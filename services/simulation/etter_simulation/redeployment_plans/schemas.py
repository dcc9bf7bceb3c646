"""What crosses the wire about redeployment plans."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from etter_common.responses import Schema
from etter_simulation.analyses.plan_schemas import PlanLine, PlanSpread, SimulatedFigure
from etter_simulation.engine.request import Name
from etter_simulation.subjects import SubjectIn

MAX_PLAN_STEPS = 120
Share = Annotated[float, Field(gt=0, le=1)]


class RiskIn(Schema):
    """How many to move and hire ahead of need: minimises (1 - kappa) · mean cost + kappa · mean of the worst 5 %."""

    kappa: Annotated[float, Field(ge=0, le=1)] = 0.5
    idle_months: Annotated[float, Field(ge=0, le=60)] = Field(
        default=6.0, description="how long a person too many is paid for nothing"
    )


class RedeploymentPlanCreate(SubjectIn):
    """Who is to move where in which month, from surplus to shortage.

    Surplus and shortage are what the request leads to if nobody is hired, laid off or moved, as far as it lasts to the
    last month. Distances, prices and policies are those of the request.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Next year's moves",
                    "simulation_id": "0198f3c2-0000-7000-8000-000000000001",
                    "only_if_cheaper": True,
                    "max_out": 0.1,
                    "risk": {"kappa": 0.5},
                }
            ]
        }
    )

    name: Name | None = None
    only_if_cheaper: bool = Field(
        default=False, description="only moves that cost less than they save; else as many people as can, cheapest way"
    )
    max_out: Share | None = Field(default=None, description="of a role's people at the start, may leave it in a month")
    max_in: Share | None = Field(default=None, description="of a role's people at the start, may join it in a month")
    risk: RiskIn | None = Field(default=None, description="null: no reserve is asked for")

    def terms(self) -> dict[str, Any]:
        """What the plan is made with, beside the request."""
        return self.model_dump(include={"only_if_cheaper", "max_out", "max_in", "risk"})


class CostPerPerson(Schema):
    """Currency. `net` = reskilling + ramp_loss - severance_saved - hiring_saved; the plan minimises its sum."""

    reskilling: float = Field(description="costs.reskill · (0.5 + distance)")
    ramp_loss: float = Field(description="pay while reskilling, and for what is not yet produced while ramping")
    severance_saved: float = Field(description="0 unless surplus is laid off")
    hiring_saved: float = Field(description="a hire and its ramp; 0 unless posts are filled")
    net: float


class Move(Schema):
    source: str
    target: str
    month: int
    people: int
    distance: float
    cost_per_person: CostPerPerson


class SurplusRole(Schema):
    role: str
    people: int = Field(description="lastingly too many")
    left: int = Field(description="that the plan moves nowhere")
    reachable: bool = Field(description="whether any role with shortage is within max_distance")


class ShortageRole(Schema):
    role: str
    people: int = Field(description="lastingly missing")
    left: int = Field(description="that the plan does not find within the company")
    reachable: bool = Field(description="whether any role with surplus is within max_distance")


class ReserveMove(Schema):
    source: str
    target: str
    people: int


class ReserveHire(Schema):
    role: str
    people: int


class RiskSpread(PlanSpread):
    cvar95: float = Field(description="mean of the worst 5 %")
    weighed: float = Field(description="(1 - kappa) · mean + kappa · cvar95")


class ReserveOut(Schema):
    """Moves and hires to make ahead, in whole people, and what the last month's gaps cost with them; currency.

    `planned` is over the iterations the reserve was made with, `simulated` over as many new ones.
    """

    kappa: float
    objective: float = Field(description="of the program, before rounding to whole people")
    moves: list[ReserveMove]
    hires: list[ReserveHire]
    planned: RiskSpread
    simulated: RiskSpread
    simulated_without: RiskSpread = Field(description="nothing done ahead")


class RedeploymentPlanResult(Schema):
    moves: list[Move]
    people: int
    planned_cost: float = Field(
        description="currency: net costs of all moves, and posts' and people's months of waiting at what they are paid"
    )
    surplus: list[SurplusRole]
    shortage: list[ShortageRole]
    reserve: ReserveOut | None
    simulated: list[SimulatedFigure]


class RedeploymentPlanLine(PlanLine):
    """A redeployment plan as a job."""

    simulation_id: UUID | None


class RedeploymentPlanOut(RedeploymentPlanLine):
    """With its moves; `result` is null until it has succeeded."""

    result: RedeploymentPlanResult | None
