"""What crosses the wire about explanations."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from etter_common.fieldsets import FieldsQuery
from etter_common.responses import Schema
from etter_simulation.engine.request import MAX_STEPS, Name


class ExplanationQuery(FieldsQuery):
    """One figure of a result."""

    metric: Annotated[str, Field(max_length=100)]
    month: Annotated[int, Field(ge=0, le=MAX_STEPS)] | None = Field(default=None, description="null: the last")
    role: Name | None = Field(default=None, description="null: the company")
    limit: Annotated[int, Field(ge=1, le=1000, description="largest parts shown by role and by workload")] = 20


class FigureOut(Schema):
    metric: str
    month: int
    role: str | None
    mean: float | None
    p5: float | None
    p50: float | None
    p95: float | None


class PartOut(Schema):
    name: str
    value: float


class BridgeOut(Schema):
    """Currency of all months up to this one; `steps` add up to `total` exactly, `rest` among them is rounding."""

    kind: Literal["gross", "attributed", "role"]
    total: float
    ends_in: Literal["cum_net", "attributed_cum_net", "payroll_saved"]
    steps: list[PartOut]


class RoleParts(Schema):
    """The largest first; `parts`, `others` and `rest` add up to the figure exactly."""

    parts: list[PartOut]
    others: float = Field(description="of roles beyond the limit, together")
    rest: float = Field(description="rounding of stored figures")


class WorkloadOut(Schema):
    role: str
    workload: str
    value: float


class WorkloadParts(Schema):
    """Freed time by Auto workload: a role's figure shared out as its workloads' expected savings stand.

    `parts`, `others` and `rest` add up to the freed time exactly.
    """

    basis: Literal["expected"]
    parts: list[WorkloadOut]
    others: float
    rest: float


class EffectOut(Schema):
    """One parameter alone moved to the ends of its range; such effects do not add up."""

    parameter: str
    value: float
    low: float
    high: float
    at_low: float | None = Field(description="change of the figure")
    at_high: float | None


class ShareOut(Schema):
    parameter: str
    default: float
    given: float
    effect: float


class SharesOut(Schema):
    """From the figure with all defaults to that of this request: `start` and all effects add up to `end`."""

    start: float
    end: float
    parts: list[ShareOut]


class ParameterEffects(Schema):
    """By the mean-field engine, without chance. `absent` says why there are none, or none of a kind."""

    basis: Literal["expected"]
    expected: float | None = Field(description="this engine's value of the figure, to compare with `figure.mean`")
    one_at_a_time: list[EffectOut]
    of_given: SharesOut | None
    absent: list[str]


class ExplanationOut(Schema):
    """`limits` is what the figure does not know."""

    simulation_id: UUID
    currency: str
    engine_version: str
    figure: FigureOut
    by_role: RoleParts | None = Field(description="null unless the figure is a sum over roles")
    by_workload: WorkloadParts | None = Field(description="of released_fte")
    bridges: list[BridgeOut]
    parameters: ParameterEffects
    limits: list[str]
