"""What crosses the wire about previews."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, create_model, field_validator

from etter_common.fieldsets import FieldsQuery
from etter_common.responses import Schema
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, ROLE_METRICS, SALARY
from etter_simulation.simulations.schemas import Assumption, Bridge, LeftOutRole, SimulationCreate


class PreviewCreate(SimulationCreate):
    """What a run takes. `n_iterations` and `seed` play no part, nor does the engine that a run would have."""

    engine: Literal["cohort", "agent", "mean_field"] = "mean_field"  # type: ignore[assignment]  # whatever is asked

    @field_validator("engine", mode="before")
    @classmethod
    def _engine_plays_iterations(cls, engine: Any) -> Any:
        return engine

    @property
    def own(self) -> dict[str, Any]:
        """Without the engine, which is the preview's whatever is asked."""
        return {name: value for name, value in super().own.items() if name != "engine"}


class PreviewQuery(FieldsQuery):
    every: Annotated[int, Field(ge=1, le=600, description="every n-th month, and the last")] = 1


class PreviewSummary(Schema):
    payback_month: int | None = Field(description="null: not within the months of the run, or nothing was spent")
    structural_saving_per_year: float = Field(description="currency; run rate of the last 12 months")
    discounted_net: float = Field(description="currency; net of the whole run at costs.discount_rate")
    at_end: Bridge


_Months = list[float | None]
_COMPANY: dict[str, Any] = dict.fromkeys(COMPANY_METRICS, (_Months, ...))
_ATTRIBUTED: dict[str, Any] = dict.fromkeys(ATTRIBUTED_METRICS, (_Months | None, ...))
_ROLE: dict[str, Any] = dict.fromkeys((*ROLE_METRICS, SALARY), (_Months, ...))
PreviewCompany: type[Schema] = create_model("PreviewCompany", __base__=Schema, **_COMPANY, **_ATTRIBUTED)
PreviewRole: type[Schema] = create_model(
    "PreviewRole", __base__=Schema, role=(str, ...), role_id=(UUID | None, ...), **_ROLE
)


class PreviewOut(Schema):
    """Expected values by month of `months`; null where nobody is present."""

    engine: Literal["mean_field"]
    engine_version: str
    bias: str = Field(description="what sets these figures apart from the means of a run")
    mode: Literal["ceiling", "intensity"]
    automation_factor: float
    steps: int
    counterfactual: bool
    currency: str
    months: list[int]
    summary: PreviewSummary
    assumptions: list[Assumption]
    left_out: list[LeftOutRole]
    company: PreviewCompany
    roles: list[PreviewRole]
