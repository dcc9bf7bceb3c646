"""What crosses the wire about sensitivity analyses."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from etter_common.responses import Schema
from etter_simulation.analyses.schemas import AnalysisOut
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.parameters import PARAMETERS
from etter_simulation.engine.request import MAX_STEPS, Name
from etter_simulation.subjects import SubjectIn

MAX_PARAMETERS: Final = 40
MAX_OUTPUTS: Final = 10
MAX_MONTHS: Final = 121
SCREENED_ABOVE: Final = 15
"""Parameters; with more of them Morris' screening is chosen."""

Method = Literal["sobol", "morris"]


class ParameterRange(Schema):
    """A parameter by its dotted name (`adoption.q`), and between what it may lie, evenly likely."""

    parameter: str = Field(json_schema_extra={"enum": [*sorted(PARAMETERS)]})
    low: Annotated[float, Field(allow_inf_nan=False)]
    high: Annotated[float, Field(allow_inf_nan=False)]

    @field_validator("parameter")
    @classmethod
    def _is_known(cls, parameter: str) -> str:
        if parameter not in PARAMETERS:
            names = ", ".join(sorted(PARAMETERS))
            raise PydanticCustomError("UNKNOWN_PARAMETER", "not a parameter; there are: {names}", {"names": names})
        return parameter


class OutputIn(Schema):
    """A figure of the company, or of one role."""

    metric: str = Field(json_schema_extra={"enum": [*sorted({*COMPANY_METRICS, *ATTRIBUTED_METRICS, *ROLE_METRICS})]})
    role: Name | None = None

    @field_validator("metric")
    @classmethod
    def _is_known(cls, metric: str) -> str:
        if metric not in {*COMPANY_METRICS, *ATTRIBUTED_METRICS, *ROLE_METRICS}:
            raise PydanticCustomError("UNKNOWN_METRIC", "not a metric of a company or of a role")
        return metric


DEFAULT_OUTPUTS: Final[Any] = [{"metric": "attributed_cum_net"}, {"metric": "released_fte"}, {"metric": "heads"}]


class SensitivityAnalysisCreate(SubjectIn):
    """What is left out has a default; `parameters` left out are all that have a range and play a part."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "What drives the saving",
                    "simulation_id": "0198f3c2-0000-7000-8000-000000000001",
                    "parameters": [
                        {"parameter": "automation_factor", "low": 0.14, "high": 0.4},
                        {"parameter": "adoption.q", "low": 0.2, "high": 0.8},
                    ],
                    "outputs": [{"metric": "attributed_cum_net"}, {"metric": "count", "role": "Engineer"}],
                    "months": [36, 60],
                }
            ]
        }
    )

    name: Name | None = None
    method: Literal["auto", "sobol", "morris"] = Field(
        default="auto", description=f"auto: sobol, and morris above {SCREENED_ABOVE} parameters"
    )
    parameters: Annotated[list[ParameterRange], Field(min_length=1, max_length=MAX_PARAMETERS)] | None = None
    outputs: Annotated[list[OutputIn], Field(min_length=1, max_length=MAX_OUTPUTS)] = Field(
        default=DEFAULT_OUTPUTS, validate_default=True
    )
    months: Annotated[list[Annotated[int, Field(ge=0, le=MAX_STEPS)]], Field(min_length=1, max_length=MAX_MONTHS)] | (
        None
    ) = Field(default=None, description="null: 12, 36, 60, 120 and the last month")
    samples: Literal[16, 32, 64, 128, 256, 512, 1024, 2048, 4096] = Field(
        default=256, description="of sobol: the model is evaluated samples × (parameters + 2) times"
    )
    trajectories: Annotated[int, Field(ge=4, le=500)] = Field(
        default=30, description="of morris: the model is evaluated trajectories × (parameters + 1) times"
    )
    iterations: Annotated[int, Field(ge=1, le=64)] = Field(
        default=4, description="whose mean an evaluation is; the same random numbers in every evaluation"
    )

    @field_validator("parameters")
    @classmethod
    def _named_once(cls, parameters: list[ParameterRange] | None) -> list[ParameterRange] | None:
        names = [one.parameter for one in parameters or ()]
        if len(set(names)) < len(names):
            raise PydanticCustomError("DUPLICATE_PARAMETER", "a parameter is named twice")
        if any(one.low >= one.high for one in parameters or ()):
            raise PydanticCustomError("EMPTY_RANGE", "low must be below high")
        return parameters


class Interval(Schema):
    """An index and its 95 % bootstrap interval; null where the output does not vary."""

    value: float | None
    low: float | None
    high: float | None


class ParameterIndices(Schema):
    """Sobol' indices: shares of the output's variance. Sampling error may take them a little below 0 or above 1."""

    parameter: str
    first: Interval = Field(description="by this parameter alone")
    total: Interval = Field(description="with all its interactions")


class ParameterEffect(Schema):
    """Morris: change of the output when the parameter goes through its whole range, in the output's unit."""

    parameter: str
    mean: float | None
    mean_size: Interval = Field(description="of the change without its sign; ranks the parameters")
    deviation: float | None = Field(description="large against mean_size: interactions, or not linear")


class OutputInMonth(Schema):
    month: int
    mean: float | None = Field(description="over the whole design")
    low: float | None
    high: float | None
    indices: list[ParameterIndices] | None = Field(description="of sobol")
    effects: list[ParameterEffect] | None = Field(description="of morris")


class OutputSensitivity(Schema):
    metric: str
    role: str | None
    at: list[OutputInMonth]


class SensitivityResult(Schema):
    engine: Literal["cohort"]
    outputs: list[OutputSensitivity]


class SensitivityAnalysisLine(AnalysisOut):
    """A sensitivity analysis as a job."""

    simulation_id: UUID | None
    method: Method
    parameters: list[ParameterRange]
    evaluations: int
    iterations: int
    seed: int
    currency: str


class SensitivityAnalysisOut(SensitivityAnalysisLine):
    """With its figures; `result` is null until it has succeeded."""

    result: SensitivityResult | None
