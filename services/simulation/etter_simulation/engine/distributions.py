"""Section 10: what a request may say about a parameter that is not known. Needs no numerical library.

Every distribution has bounds that no value leaves, so that a parameter stays within its limits in every iteration.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from etter_common.exact import Exact

UNCERTAIN_PARAMETERS: Final = (
    "automation_factor", "adoption.q", "adoption.p", "consolidation.threshold", "attrition.monthly_quit",
    "learning.months", "learning.saving_while_learning", "adoption.skill_drag", "adoption.mixing", "demand.growth",
    "consolidation.min_time_share", "backfill.fill_months", "ramp.months", "ramp.productivity",
    "redeployment.max_distance", "redeployment.monthly_share", "layoffs.patience_months", "layoffs.monthly_share",
    "costs.on_cost", "costs.training_hours", "costs.licence_per_seat_month", "costs.hire", "costs.reskill",
    "costs.severance_months",
)  # fmt: skip
"""What may have a distribution: every parameter but the discount rate, which is chosen, not unknown.

A parameter's place is its dimension of the Sobol' sequence: part of the engine version.
"""

MAX_UNCERTAIN: Final = 16
"""Parameters of one request with a distribution."""

Positive = Annotated[float, Field(gt=0, le=1e6)]


class _Bounded(Exact):
    """`values` are in rising order, or the distribution is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @property
    def rising(self) -> tuple[float, ...]:
        raise NotImplementedError

    @property
    def low(self) -> float:
        return self.rising[0]

    @property
    def high(self) -> float:
        return self.rising[-1]

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        rising = self.rising
        if self.low >= self.high or any(one > other for one, other in pairwise(rising)):
            raise PydanticCustomError(
                "NOT_IN_ORDER",
                "the bounds must be apart and everything else between them: {rising}",
                {"rising": list(rising)},
            )
        return self


class Uniform(_Bounded):
    uniform: tuple[float, float] = Field(description="low, high")

    @property
    def rising(self) -> tuple[float, ...]:
        return self.uniform


class Triangular(_Bounded):
    triangular: tuple[float, float, float] = Field(description="low, mode, high")

    @property
    def rising(self) -> tuple[float, ...]:
        return self.triangular


class Normal(_Bounded):
    normal: tuple[float, Positive, float, float] = Field(
        description="mean and standard deviation before truncation, low, high"
    )

    @property
    def rising(self) -> tuple[float, ...]:
        mean, _, low, high = self.normal
        return low, mean, high


class Beta(_Bounded):
    beta: tuple[Positive, Positive, float, float] = Field(description="both shapes, low, high")

    @property
    def rising(self) -> tuple[float, ...]:
        return self.beta[2:]


class Lognormal(_Bounded):
    lognormal: tuple[Positive, Annotated[float, Field(gt=0, le=10)], Annotated[float, Field(ge=0)], float] = Field(
        description="median and standard deviation of the logarithm before truncation, low, high"
    )

    @property
    def rising(self) -> tuple[float, ...]:
        median, _, low, high = self.lognormal
        return low, median, high


def _kind_of(given: Any) -> str | None:
    """The one name that a distribution has; several or none are no distribution."""
    if isinstance(given, _Bounded):
        return next(iter(type(given).model_fields))
    return str(next(iter(given))) if isinstance(given, dict) and len(given) == 1 else None


Distribution = Annotated[
    Annotated[Uniform, Tag("uniform")]
    | Annotated[Triangular, Tag("triangular")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[Beta, Tag("beta")]
    | Annotated[Lognormal, Tag("lognormal")],
    Discriminator(
        _kind_of,
        custom_error_type="UNKNOWN_DISTRIBUTION",
        custom_error_message="give one of uniform, triangular, normal, beta, lognormal",
    ),
]


def check_distributions(assumptions: type[BaseModel], uncertainty: Mapping[str, Distribution]) -> None:
    """Raise unless each is of a parameter of `assumptions` and keeps within that parameter's limits."""
    for name, distribution in uncertainty.items():
        if name not in UNCERTAIN_PARAMETERS:
            raise PydanticCustomError(
                "UNKNOWN_PARAMETER",
                "there is no parameter {name}; valid: {valid}",
                {"name": name, "valid": ", ".join(UNCERTAIN_PARAMETERS)},
            )
        if not (_allows(assumptions, name, distribution.low) and _allows(assumptions, name, distribution.high)):
            raise PydanticCustomError(
                "OUTSIDE_LIMITS",
                "{name} cannot be all of {low}..{high}: a distribution's bounds are within the parameter's own limits",
                {"name": name, "low": distribution.low, "high": distribution.high},
            )


def _allows(assumptions: type[BaseModel], parameter: str, value: float) -> bool:
    """Whether the field of this dotted name may have this value."""
    part, _, name = parameter.partition(".")
    field: Any = assumptions.model_fields[part]
    if name:
        field = field.annotation.model_fields[name]
    return all(_holds(bound, value) for bound in field.metadata)


def _holds(bound: Any, value: float) -> bool:
    """One of `annotated_types`' bounds: each has one of these names."""
    if hasattr(bound, "ge"):
        return bool(value >= bound.ge)
    if hasattr(bound, "gt"):
        return bool(value > bound.gt)
    return bool(value <= bound.le) if hasattr(bound, "le") else True
