"""Section 9, the stopping rule: as many iterations as the named outputs need for their target standard error.

Iterations are added in steps; after each step the standard error of all iterations so far is compared. Sums are whole
numbers and steps are prefixes of the iterations, so what is decided does not depend on who played which of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from pydantic import ConfigDict, Field

from etter_common.exact import Exact
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, FRACTIONS, MONEY, ROLE_METRICS

STEP: Final = 100
"""Iterations between two looks at the standard error."""

MAX_TARGETS: Final = 20
FRACTION: Final = 2**32
MINOR_UNITS: Final = 100

Sums: TypeAlias = list[int]
"""Of one output over some iterations: how many have a value, their sum, the sum of their squares; as they are kept."""


class Target(Exact):
    """An output whose mean is to be known that well."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    output: Annotated[str, Field(max_length=60, description="a metric of `company`, or of the role that is named")]
    role: Annotated[str, Field(max_length=200)] | None = None
    month: Annotated[int, Field(ge=0)] | None = Field(default=None, description="null: the last")
    standard_error: Annotated[float, Field(gt=0, description="of the mean, in the output's unit")]


@dataclass(frozen=True)
class Reached:
    """How well a target's mean is known after the iterations that were used; None if fewer than two have a value."""

    standard_error: float | None
    is_reached: bool


def outputs_of(target: Target, *, counterfactual: bool) -> tuple[str, ...]:
    """The outputs that a target like this may name."""
    if target.role is not None:
        return ROLE_METRICS
    return COMPANY_METRICS + (ATTRIBUTED_METRICS if counterfactual else ())


def enough(targets: Sequence[Target], steps: Iterable[Sequence[Sums]]) -> int | None:
    """After how many of `steps` every target is reached; each step has the sums of all targets. None: not yet."""
    totals: list[Sums] = [[0, 0, 0] for _ in targets]
    for number, step in enumerate(steps, start=1):
        totals = [added(total, sums) for total, sums in zip(totals, step, strict=True)]
        if all(reached(target, total).is_reached for target, total in zip(targets, totals, strict=True)):
            return number
    return None


def added(one: Sums, other: Sums) -> Sums:
    return [a + b for a, b in zip(one, other, strict=True)]


def reached(target: Target, sums: Sums) -> Reached:
    """A mean of fewer than two values is not known at all."""
    n, total, squares = sums
    if n < 2:
        return Reached(None, is_reached=False)
    spread = max(0, n * squares - total * total)  # n * (n - 1) times the variance: a whole number
    error = math.sqrt(spread / (n * n * (n - 1))) / unit(target.output)
    return Reached(error, is_reached=error <= target.standard_error)


def unit(output: str) -> int:
    """What one unit of an output is kept as."""
    name = output.removeprefix("attributed_")
    return FRACTION if name in FRACTIONS else MINOR_UNITS if name in MONEY else 1


def sums_at(target: Target, part: Any, roles: Sequence[str], company: Sequence[str]) -> Sums:
    """The target's sums in a part (`chunk.Part`) whose months hold the target's; `company` names its series."""
    tally, series = part.company.sums, list(company)
    at = series.index(target.output) if target.role is None else ROLE_METRICS.index(target.output)
    width = len(series)
    if target.role is not None:
        tally, width = part.roles.sums, len(roles) * len(ROLE_METRICS)
        at += list(roles).index(target.role) * len(ROLE_METRICS)
    month = part.months.last - 1 if target.month is None else target.month
    place = (month - part.months.first) * width + at
    return [int(tally.n[place]), _signed(tally.total[place]), _signed(tally.squares[place])]


def _signed(words: Any) -> int:
    """A two's complement number of 128 bits."""
    value = (int(words[0]) << 64) | int(words[1])
    return value - (1 << 128) if value >> 127 else value
