"""Section 3: what a run assumes. Everything is bounded; what contradicts itself is refused, naming the field."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from etter_common.exact import Exact
from etter_simulation.engine.channels import MAX_AUTO_WORKLOADS
from etter_simulation.engine.defaults import DEFAULTS, EXPOSURE_CEILINGS, PRESETS, RESKILL_MONTHS
from etter_simulation.engine.distributions import MAX_UNCERTAIN, UNCERTAIN_PARAMETERS, Distribution, check_distributions
from etter_simulation.engine.precision import MAX_TARGETS, Target, outputs_of
from etter_simulation.engine.rules import NAME_PATTERN, PLAN_NEEDS_ENABLED, RULES, show_type_as_optional

SHARE_TOLERANCE: Final = 1e-6
MAX_PLANNED_MOVES: Final = 10_000
MAX_ITERATIONS, MAX_STEPS, MAX_ROLES = 10_000, 600, 1_000
MAX_HEADS: Final = 100_000_000
"""Output units of the whole company in any month; keeps every fixed-point figure within 64 bits."""
MAX_MONEY: Final = 4e16
"""Currency that could pass through one run; keeps amounts within 64 bits of the smallest unit."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NAME_PATTERN)]
Share = Annotated[float, Field(ge=0, le=1)]


def _default(parameter: str, **bounds: Any) -> Any:
    """A field with the default and the basis of section 14; `bounds` are pydantic's."""
    default = DEFAULTS[parameter]
    field: FieldInfo = Field(
        default=default.value, description=f"{default.unit}; {default.basis}: {default.note}", **bounds
    )
    return field


def _is_zero(value: int) -> bool:
    return value == 0


def _is_cohort(engine: str) -> bool:
    return engine == "cohort"


def _is_absent(value: object) -> bool:
    return value is None


class Part(Exact):
    """Base of everything in a request: nothing unknown, nothing infinite, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WorkloadIn(Part):
    """A named group of tasks with its share of working time. `exposure` gives the `Type` and `ceiling` left out."""

    model_config = ConfigDict(json_schema_extra=show_type_as_optional)

    Name: Name
    exposure: Literal["E0", "E1", "E2"] | None = Field(
        default=None,
        description="label of Eloundou et al. (2023): E0 not exposed, E1 a language model alone at least halves the "
        "time, E2 software built on one does",
        exclude_if=_is_absent,
    )
    Type: Literal["Auto", "Non-Auto"] = Field(description="may be left out where `exposure` is given")
    Skill: Share
    Time: Annotated[float, Field(gt=0, le=1 + SHARE_TOLERANCE, description="share of working time")]
    ceiling: Share = Field(default=1.0, description="largest share of the workload that can be automated")
    start_month: Annotated[int, Field(ge=0, le=MAX_STEPS)] = Field(
        default=0, description="of an Auto workload: it is adopted after this month only", exclude_if=_is_zero
    )

    @model_validator(mode="before")
    @classmethod
    def _follow_exposure(cls, given: Any) -> Any:
        """What the workload says itself goes before what its label gives."""
        known = EXPOSURE_CEILINGS.get(str(given.get("exposure"))) if isinstance(given, dict) else None
        if known is None:
            return given
        return {"Type": "Auto" if known.value else "Non-Auto", "ceiling": known.value, **given}


class RoleIn(Part):
    """A role at the start: people, pay and what they do."""

    role: Name
    count: Annotated[int, Field(ge=0, le=10_000_000)]
    salary: Annotated[float, Field(ge=0, le=100_000_000, description="base salary, currency per year")]
    monthly_quit: Share | None = None
    workloads: Annotated[list[WorkloadIn], Field(min_length=1, max_length=60)]

    @field_validator("workloads")
    @classmethod
    def _shares_sum_to_one(cls, workloads: list[WorkloadIn]) -> list[WorkloadIn]:
        total = sum(workload.Time for workload in workloads)
        if abs(total - 1) > SHARE_TOLERANCE:
            raise PydanticCustomError(
                "TIME_SHARES_NOT_ONE",
                "the Time shares of a role's workloads must sum to 1, not {total}",
                {"total": total},
            )
        if sum(workload.Type == "Auto" for workload in workloads) > MAX_AUTO_WORKLOADS:
            raise PydanticCustomError(
                "TOO_MANY_AUTO_WORKLOADS",
                "a role may have at most {limit} Auto workloads",
                {"limit": MAX_AUTO_WORKLOADS},
            )
        return workloads


class Demand(Part):
    growth: float = _default("demand.growth", ge=-0.5, le=1)


class Adoption(Part):
    mode: Literal["ceiling", "intensity"] = "ceiling"
    p: float = _default("adoption.p", ge=0, le=10)
    q: float = _default("adoption.q", ge=0, le=10)
    mixing: float = _default("adoption.mixing", ge=0, le=1)
    skill_drag: float = _default("adoption.skill_drag", ge=0, le=10)


class Learning(Part):
    months: float = _default("learning.months", ge=0, le=120)
    saving_while_learning: float = _default("learning.saving_while_learning", ge=0, le=1)


class Attrition(Part):
    monthly_quit: float = _default("attrition.monthly_quit", ge=0, le=1)


class Consolidation(Part):
    threshold: float = _default("consolidation.threshold", ge=0, le=1)
    min_time_share: float = _default("consolidation.min_time_share", gt=0, le=1)


class Backfill(Part):
    policy: Literal["none", "to_required", "to_original"] = "to_required"
    fill_months: float = _default("backfill.fill_months", gt=0, le=120)


class Ramp(Part):
    months: float = _default("ramp.months", ge=1, le=120)
    productivity: float = _default("ramp.productivity", ge=0, le=1)


class Distance(Part):
    """How far apart two roles are, in the direction of the move; pairs that are not named cannot move."""

    source: Name
    target: Name
    distance: Share


class PlannedMove(Part):
    """People who are to change roles in one month. Fewer do while there is less surplus or less shortage."""

    source: Name
    target: Name
    month: Annotated[int, Field(ge=1, le=MAX_STEPS)]
    people: Annotated[int, Field(ge=1, le=1_000_000)]


class Redeployment(Part):
    model_config = ConfigDict(json_schema_extra=PLAN_NEEDS_ENABLED)

    enabled: bool = False
    max_distance: float = _default("redeployment.max_distance", ge=0, le=1)
    monthly_share: float = _default("redeployment.monthly_share", ge=0, le=1)
    reskill_months: tuple[
        Annotated[float, Field(ge=1, le=60)], Annotated[float, Field(ge=1, le=60)], Annotated[float, Field(ge=1, le=60)]
    ] = RESKILL_MONTHS
    distance: Annotated[list[Distance], Field(max_length=100_000)] | None = Field(
        default=None, description="null: 1 less the overlap of workloads of the same name"
    )
    plan: Annotated[list[PlannedMove], Field(max_length=MAX_PLANNED_MOVES)] | None = Field(
        default=None, description="null: whoever can move; else these moves only", exclude_if=_is_absent
    )

    @field_validator("plan")
    @classmethod
    def _a_plan_needs_redeployment(
        cls, plan: list[PlannedMove] | None, info: ValidationInfo
    ) -> list[PlannedMove] | None:
        if plan is not None and not info.data.get("enabled"):
            raise PydanticCustomError("PLAN_WITHOUT_REDEPLOYMENT", "a plan of moves needs redeployment enabled")
        return plan


class Layoffs(Part):
    policy: Literal["none", "surplus"] = "none"
    patience_months: float = _default("layoffs.patience_months", ge=0, le=600)
    monthly_share: float = _default("layoffs.monthly_share", ge=0, le=1)


class Capex(Part):
    month: Annotated[int, Field(ge=1, le=MAX_STEPS)]
    amount: Annotated[float, Field(ge=0, le=1e12)]


class Costs(Part):
    on_cost: float = _default("costs.on_cost", ge=0, le=5)
    training_hours: float = _default("costs.training_hours", ge=0, le=2080)
    licence_per_seat_month: float = _default("costs.licence_per_seat_month", ge=0, le=100_000)
    hire: float = _default("costs.hire", ge=0, le=10_000_000)
    reskill: float = _default("costs.reskill", ge=0, le=10_000_000)
    severance_months: float = _default("costs.severance_months", ge=0, le=60)
    discount_rate: float = _default("costs.discount_rate", ge=0, le=1)
    capex: Annotated[list[Capex], Field(max_length=600)] = Field(default=[])


class Assumptions(Part):
    """A request without its roles."""

    model_config = ConfigDict(json_schema_extra={"allOf": RULES})

    company: Name | None = None
    preset: Literal["planning", "fast", "compat"] | None = Field(
        default=None, description="assumptions to start from; `compat` gives the shape of the published v1 example"
    )
    n_iterations: Annotated[int, Field(ge=1, le=MAX_ITERATIONS)] = 200
    automation_factor: Share
    engine: Literal["cohort", "agent"] = Field(
        default="cohort",
        description="agent: one slot per employee, the reference; the mean-field engine answers previews",
        exclude_if=_is_cohort,
    )
    steps: Annotated[int, Field(ge=0, le=MAX_STEPS)] = 120
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(
        default=None, description="null: derived from the request, and told with the result"
    )
    demand: Demand = Demand()
    adoption: Adoption = Adoption()
    learning: Learning = Learning()
    attrition: Attrition = Attrition()
    consolidation: Consolidation = Consolidation()
    backfill: Backfill = Backfill()
    ramp: Ramp = Ramp()
    redeployment: Redeployment = Redeployment()
    layoffs: Layoffs = Layoffs()
    costs: Costs = Costs()
    uncertainty: Annotated[dict[str, Distribution], Field(max_length=MAX_UNCERTAIN)] = Field(
        default={},
        description="distributions of parameters that are not known, by name",
        json_schema_extra={
            "propertyNames": {"enum": list(UNCERTAIN_PARAMETERS)},
            "examples": [{"adoption.q": {"triangular": [0.2, 0.38, 0.6]}}],
        },
    )
    counterfactual: bool = True
    precision: Annotated[list[Target], Field(min_length=1, max_length=MAX_TARGETS)] | None = Field(
        default=None,
        description="stop before `n_iterations` once every output named is known that well; looked at after every "
        "100 iterations",
        exclude_if=_is_absent,
    )

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, given: Any) -> Any:
        """What the request says itself goes before its preset."""
        preset = PRESETS.get(str(given["preset"])) if isinstance(given, dict) and "preset" in given else None
        if preset is None:
            return given
        merged = dict(given)
        for part, values in preset.items():
            own = merged.get(part, {})
            merged[part] = {**values, **own} if isinstance(own, dict) else own
        return merged

    @field_validator("engine", mode="before")
    @classmethod
    def _engine_plays_iterations(cls, engine: Any) -> Any:
        if engine == "mean_field":
            raise PydanticCustomError(
                "ENGINE_WITHOUT_ITERATIONS",
                "the mean-field engine plays no iterations and has no spread; ask for a preview",
            )
        return engine

    @field_validator("uncertainty")
    @classmethod
    def _distributions_fit(cls, uncertainty: dict[str, Distribution], info: ValidationInfo) -> dict[str, Distribution]:
        check_distributions(cls, uncertainty)
        if uncertainty and info.data.get("engine") == "agent":
            raise PydanticCustomError("UNCERTAINTY_NEEDS_COHORT", "the agent engine plays known parameters only")
        return uncertainty

    @field_validator("layoffs")
    @classmethod
    def _policies_agree(cls, layoffs: Layoffs, info: ValidationInfo) -> Layoffs:
        backfill: Backfill | None = info.data.get("backfill")
        if backfill is not None and backfill.policy == "to_original" and layoffs.policy == "surplus":
            raise PydanticCustomError(
                "POLICIES_CONTRADICT", "backfill to_original and layoffs of surplus contradict each other"
            )
        return layoffs


_COSTS: Final = ("on_cost", "training_hours", "licence_per_seat_month", "hire", "reskill", "severance_months")


class SimulationRequest(Assumptions):
    """All a run needs."""

    roles: Annotated[list[RoleIn], Field(min_length=1, max_length=MAX_ROLES)]

    @field_validator("roles")
    @classmethod
    def _names_are_unique(cls, roles: list[RoleIn]) -> list[RoleIn]:
        seen: set[str] = set()
        for role in roles:
            if role.role in seen:
                raise PydanticCustomError("DUPLICATE_ROLE", "the role name {name} occurs twice", {"name": role.role})
            seen.add(role.role)
        return roles

    @model_validator(mode="after")
    def _distances_name_roles(self) -> Self:
        known = {role.role for role in self.roles}
        moves = self.redeployment
        for part, pairs in (("distance", moves.distance), ("plan", moves.plan)):
            for pair in pairs or ():
                if pair.source not in known or pair.target not in known or pair.source == pair.target:
                    raise PydanticCustomError(
                        "UNKNOWN_ROLE_PAIR",
                        "redeployment.{part} names {source} -> {target}, which are not two roles of this request",
                        {"part": part, "source": pair.source, "target": pair.target},
                    )
        return self

    @property
    def _most_growth(self) -> float:
        return max(1.0, math.pow(1 + self._most("demand.growth", self.demand.growth), self.steps / 12))

    def _most(self, parameter: str, value: float) -> float:
        """Of a parameter in any iteration."""
        distribution = self.uncertainty.get(parameter)
        return value if distribution is None else distribution.high

    @property
    def most_heads(self) -> int:
        """People that the company's demand asks for in its largest month; there are never more (property S3)."""
        return sum(math.ceil(role.count * self._most_growth) for role in self.roles)

    @model_validator(mode="after")
    def _precision_names_outputs(self) -> Self:
        known = {role.role for role in self.roles}
        for target in self.precision or ():
            if target.role is not None and target.role not in known:
                raise PydanticCustomError("UNKNOWN_ROLE", "precision names no role {role}", {"role": target.role})
            if target.output not in outputs_of(target, counterfactual=self.counterfactual):
                raise PydanticCustomError(
                    "UNKNOWN_OUTPUT", "precision names no output {output}", {"output": target.output}
                )
            if target.month is not None and target.month > self.steps:
                raise PydanticCustomError("UNKNOWN_MONTH", "precision names a month after the last")
        return self

    @model_validator(mode="after")
    def _figures_fit(self) -> Self:
        growth = self._most_growth
        if self.most_heads > MAX_HEADS:
            raise PydanticCustomError("TOO_MANY_PEOPLE", "more than {limit} people at their most", {"limit": MAX_HEADS})
        if self._most_money(growth) > MAX_MONEY:
            raise PydanticCustomError(
                "TOO_MUCH_MONEY", "more than {limit} of currency in one run", {"limit": MAX_MONEY}
            )
        return self

    def _most_money(self, growth: float) -> float:
        most = {name: self._most(f"costs.{name}", getattr(self.costs, name)) for name in _COSTS}
        costs = self.costs.model_copy(update=most)
        each = costs.hire + 1.5 * costs.reskill + costs.licence_per_seat_month * MAX_AUTO_WORKLOADS
        pay = (1 + costs.on_cost) * (1 + costs.training_hours * MAX_AUTO_WORKLOADS / 2080) + costs.severance_months / 12
        heads = sum(role.count * (each + pay * role.salary) for role in self.roles)
        return 2 * growth * heads * max(1, self.steps) + sum(item.amount for item in costs.capex)

    def fingerprint(self) -> str:
        """The same for requests that mean the same run, whatever they left to defaults and however it is named."""
        labels = {"__all__": {"workloads": {"__all__": {"exposure"}}}}  # what they give is part of the content
        content = self.model_dump(mode="json", exclude={"company": True, "preset": True, "roles": labels})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def seed_or_derived(self) -> int:
        """The seed given, or one derived from the rest of the request."""
        return self.seed if self.seed is not None else int(self.fingerprint()[:13], 16)
