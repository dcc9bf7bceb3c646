"""What crosses the wire about simulations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from etter_common.fieldsets import FieldsQuery
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, ROLE_METRICS, SALARY
from etter_simulation.engine.request import MAX_ROLES, Assumptions, Name, RoleIn
from etter_simulation.engine.rules import RULES

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Source = Literal["explicit", "current", "scenario"]

_EXAMPLE: JsonDict = {
    "name": "Half of the automatable work",
    "automation_factor": 0.5,
    "n_iterations": 200,
    "steps": 120,
    "roles": [
        {
            "role": "Engineer",
            "count": 300,
            "salary": 80000,
            "workloads": [
                {"Name": "Write code", "Type": "Auto", "Skill": 0.9, "Time": 0.5},
                {"Name": "Review", "Type": "Non-Auto", "Skill": 0.6, "Time": 0.5},
            ],
        }
    ],
}


OF_THE_RUN = ("scenario_id", "scenario_version", "name", "currency", "roles")


def _roles_or_current(value: Any, roles: Callable[[Any], list[RoleIn]]) -> Any:
    return value if value == "current" else roles(value)


def _show_current(schema: dict[str, Any]) -> None:
    listed = {name: schema.pop(name) for name in ("type", "items", "minItems", "maxItems")}
    schema["anyOf"] = [{"const": "current", "type": "string"}, listed]


def _shown(schema: JsonDict) -> None:
    """What a scenario says need not be said again."""
    schema["required"] = []
    schema["anyOf"] = [
        {"required": ["automation_factor", "roles"], "properties": {"scenario_version": {"type": "null"}}},
        {"required": ["scenario_id"], "properties": {"scenario_id": {"type": "string"}}},
    ]
    schema["allOf"] = [*RULES]
    schema["examples"] = [
        _EXAMPLE,
        {"automation_factor": 0.3, "roles": "current"},
        {"scenario_id": "0198f3c2-0000-7000-8000-000000000002", "n_iterations": 1000},
    ]


class SimulationCreate(Assumptions):
    """A run's assumptions (MODEL.md, section 3). `"roles": "current"` takes the company's own published roles.

    With `scenario_id` they are the scenario's; what the request says itself goes before that, part by part.
    """

    model_config = ConfigDict(json_schema_extra=_shown)

    scenario_id: UUID | None = None
    scenario_version: Annotated[int, Field(ge=1, lt=2**31)] | None = Field(
        default=None, description="null: the scenario's latest"
    )
    name: Name | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        default="USD", description="of the salaries given; with current roles theirs is taken"
    )
    roles: Annotated[
        list[RoleIn],
        Field(min_length=1, max_length=MAX_ROLES, json_schema_extra=_show_current),
        WrapValidator(_roles_or_current),
    ]

    _given: dict[str, Any] = PrivateAttr(default_factory=dict)
    _gives_roles: bool = PrivateAttr(default=True)

    @model_validator(mode="wrap")
    @classmethod
    def _a_scenario_stands_in(cls, given: Any, make: ModelWrapValidatorHandler[Self]) -> Self:
        """A request with a scenario need not say what every other must."""
        if not isinstance(given, dict) or given.get("scenario_id") is None:
            return make(given)
        made = make({"automation_factor": 0.0, "roles": "current", **given})
        made._given = {name: value for name, value in given.items() if name not in OF_THE_RUN}
        made._gives_roles = "roles" in given
        return made

    @field_validator("scenario_version")
    @classmethod
    def _a_version_is_of_a_scenario(cls, version: int | None, info: ValidationInfo) -> int | None:
        if version is not None and info.data.get("scenario_id") is None:
            raise PydanticCustomError("VERSION_WITHOUT_SCENARIO", "scenario_version belongs to a scenario_id")
        return version

    @property
    def own(self) -> dict[str, Any]:
        """The assumptions that a request with a scenario gives itself."""
        return self._given

    @property
    def gives_roles(self) -> bool:
        """Whether the request says what its roles are, or its scenario does."""
        return self._gives_roles

    @property
    def wants_current_roles(self) -> bool:
        return cast(object, self.roles) == "current"


class LeftOutRole(Schema):
    role: str
    reason: str


class Spread(Schema):
    """A figure over all iterations."""

    mean: float
    min: float
    max: float
    p5: float
    p50: float
    p95: float
    sd: float
    se: float = Field(description="standard error of the mean")


class Payback(Schema):
    """Months; null reaches into the iterations that never pay back."""

    p5: float | None
    p50: float | None
    p95: float | None


class Bridge(Schema):
    """From freed time to money: means at the last month; attributed to automation, or gross without counterfactual."""

    attributed: bool
    released_fte: float
    realised_fte: float
    payroll_saving_per_month: float
    licences_per_month: float
    one_off_to_date: float
    net_to_date: float


class Summary(Schema):
    payback_month: Payback
    share_never_paying_back: float = Field(ge=0, le=1)
    structural_saving_per_year: Spread = Field(description="currency; run rate of the last 12 months")
    discounted_net: Spread = Field(description="currency; net of the whole run at costs.discount_rate")
    at_end: Bridge


class SimulationOut(Schema):
    """A simulation as a job."""

    id: UUID
    name: str | None
    status: Status
    progress: float = Field(ge=0, le=1)
    stage: str | None
    eta_seconds: int | None
    error_code: str | None
    error_detail: str | None
    source: Source = Field(description="of the roles: given with the request, the company's own, a scenario's baseline")
    scenario_id: UUID | None
    scenario_version: int | None
    roles: int
    automation_factor: float
    mode: Literal["ceiling", "intensity"]
    iterations: int = Field(description="asked for; at most")
    iterations_used: int | None = Field(description="fewer where `precision` was reached before; null until the end")
    quantiles: Literal["exact", "sketch"]
    steps: int
    seed: int
    currency: str
    engine_version: str
    reused_from: UUID | None = Field(description="the simulation that meant the same and left these results")
    left_out: list[LeftOutRole] = Field(description="current roles that could not be simulated")
    summary: Summary | None
    requested_by: UUID
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class SimulationQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at")] = None
    status: Status | None = None
    source: Source | None = None


class ResultsQuery(FieldsQuery):
    roles: Annotated[list[Name] | None, Field(max_length=MAX_ROLES, description="repeat for several")] = None
    every: Annotated[int, Field(ge=1, le=600, description="every n-th month, and the last")] = 1


class SeriesOut(Schema):
    """Statistics over iterations by month; null where no iteration has a value (nobody present)."""

    mean: list[float | None]
    min: list[float | None]
    max: list[float | None]
    p5: list[float | None]
    p50: list[float | None]
    p95: list[float | None]
    sd: list[float | None]
    se: list[float | None]


_COMPANY: dict[str, Any] = dict.fromkeys(COMPANY_METRICS, (SeriesOut, ...))
_ATTRIBUTED: dict[str, Any] = dict.fromkeys(ATTRIBUTED_METRICS, (SeriesOut | None, ...))
_ROLE: dict[str, Any] = dict.fromkeys((*ROLE_METRICS, SALARY), (SeriesOut, ...))
CompanySeries: type[Schema] = create_model("CompanySeries", __base__=Schema, **_COMPANY, **_ATTRIBUTED)
RoleSeries: type[Schema] = create_model(
    "RoleSeries", __base__=Schema, role=(str, ...), role_id=(UUID | None, ...), **_ROLE
)


class Assumption(Schema):
    """A parameter, its value, and where that comes from: given by the request, a source, or an assumption."""

    parameter: str
    value: float
    unit: str
    basis: Literal["given", "source", "assumption"]
    note: str
    low: float | None
    high: float | None


class VarianceShares(Schema):
    """By month, how much of a figure's variance over all iterations is of either kind; null where nothing varies."""

    parameters: list[float | None] = Field(description="what is not known: goes away with better data")
    chance: list[float | None] = Field(description="would be left if every parameter were known")


class ResultsOut(Schema):
    """`steps` has the flat v1 names; `company` and `roles` hold everything, by month of `months`."""

    simulation_id: UUID
    name: str | None
    engine: Literal["cohort", "agent"]
    engine_version: str
    mode: Literal["ceiling", "intensity"]
    automation_factor: float
    seed: int
    iterations: int = Field(description="used; fewer than asked for where `precision` was reached before")
    counterfactual: bool
    currency: str
    quantiles: Literal["exact", "sketch"] = Field(description="the company's are always exact")
    quantile_error: float | None = Field(description="largest relative error of a role's p5, p50, p95; null: exact")
    months: list[int]
    summary: Summary
    assumptions: list[Assumption]
    left_out: list[LeftOutRole]
    uncertainty: dict[str, VarianceShares] | None = Field(
        description="of the headline figures; null if the request says that every parameter is known"
    )
    company: CompanySeries
    roles: list[RoleSeries]
    steps: list[dict[str, float | None]]
