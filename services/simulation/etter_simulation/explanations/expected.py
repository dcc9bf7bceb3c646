"""What moved a figure, in expectation: workloads by their adoption curves, parameters by the mean-field engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from etter_simulation.engine.build import build, counterfactual
from etter_simulation.engine.defaults import DEFAULTS
from etter_simulation.engine.expectation import auto_workloads, expected_curves
from etter_simulation.engine.mean_field import play
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.parameters import RANGES, value_of, with_values
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.simulations.packing import Floats

MAX_ROLE_MONTHS: Final = 400_000
"""Roles × months × variants that are looked at for the effects of parameters."""
MAX_GIVEN: Final = 6
"""Parameters whose joint effect is shared out: their number of variants doubles with each."""

Variant = Mapping[str, float]


@dataclass(frozen=True)
class WorkloadPart:
    role: str
    workload: str
    value: float


@dataclass(frozen=True)
class Effect:
    """The figure's change when one parameter alone goes from its value to the ends of its range."""

    parameter: str
    value: float
    low: float
    high: float
    at_low: float
    at_high: float


@dataclass(frozen=True)
class Share:
    """What a given parameter's departure from its default did to the figure."""

    parameter: str
    default: float
    given: float
    effect: float


@dataclass(frozen=True)
class Shares:
    """Shapley values: with all defaults the figure is `start`; `start` and all effects add up to `end`."""

    start: float
    end: float
    shares: list[Share]


def workload_parts(request: SimulationRequest, month: int, released: Mapping[int, float]) -> list[WorkloadPart]:
    """Freed time of each role (by place) shared out among its Auto workloads as their expected savings stand."""
    curves, parts = expected_curves(request, month), []
    works = auto_workloads(request)
    saved = [
        float(curves.saved[at, max(0, month - request.roles[role].workloads[place].start_month)])
        for at, (role, place) in enumerate(works)
    ]
    whole = {role: math.fsum(saved[at] for at, (own, _) in enumerate(works) if own == role) for role in released}
    for at, (role, place) in enumerate(works):
        if role in released and whole[role] > 0:
            value = released[role] * saved[at] / whole[role]
            parts.append(WorkloadPart(request.roles[role].role, request.roles[role].workloads[place].Name, value))
    return parts


@dataclass(frozen=True)
class Figure:
    """`role` is a place in the request, None for the company."""

    metric: str
    month: int
    role: int | None


def fits(request: SimulationRequest, figure: Figure, variants: int) -> bool:
    sides = 2 if figure.metric.startswith("attributed_") else 1
    return len(request.roles) * max(1, figure.month) * variants * sides <= MAX_ROLE_MONTHS


def expected_figures(request: SimulationRequest, figure: Figure, variants: Sequence[Variant]) -> Floats:
    """The figure in expectation for every variant of the request."""
    models = [build(with_values(_until(request, figure.month), variant)) for variant in variants]
    metric = figure.metric.removeprefix("attributed_")
    if figure.role is not None:
        return _number(play(models).roles[:, figure.role, ROLE_METRICS.index(metric), figure.month])
    at = COMPANY_METRICS.index(metric)
    if metric == figure.metric:
        return _number(play(models).company[:, at, figure.month])
    others = [
        counterfactual(with_values(_until(request, figure.month), variant), model)
        for variant, model in zip(variants, models, strict=True)
    ]
    both = play([*models, *others]).company[:, at, figure.month]
    return _number(both[: len(models)] - both[len(models) :])


def _until(request: SimulationRequest, month: int) -> SimulationRequest:
    return request.model_copy(update={"steps": month})


def _number(values: Floats) -> Floats:
    found: Floats = np.asarray(values, dtype=np.float64)
    return found


def effects(request: SimulationRequest, figure: Figure) -> list[Effect]:
    """One parameter at a time over its range of section 14, largest first; such effects do not add up to anything."""
    variants: list[Variant] = [{}]
    for parameter, (low, high) in RANGES.items():
        variants += [{parameter: low}, {parameter: high}]
    found = expected_figures(request, figure, variants)
    changes = (found[1:] - found[0]).reshape(-1, 2)
    made = [
        Effect(name, value_of(request, name), low, high, float(change[0]), float(change[1]))
        for (name, (low, high)), change in zip(RANGES.items(), changes, strict=True)
    ]
    return sorted(made, key=lambda one: -max(abs(one.at_low), abs(one.at_high)))


def given_parameters(request: SimulationRequest) -> dict[str, tuple[float, float]]:
    """(default, given) of parameters that differ from their defaults."""
    pairs = {name: (default.value, value_of(request, name)) for name, default in DEFAULTS.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def shares(request: SimulationRequest, figure: Figure) -> Shares:
    """Shapley values of the given parameters: each one's effect, averaged over every order of giving them."""
    given = given_parameters(request)
    names = tuple(given)
    subsets = [frozenset(subset) for size in range(len(names) + 1) for subset in combinations(names, size)]
    variants = [{name: given[name][0] for name in names if name not in subset} for subset in subsets]
    found = dict(zip(subsets, expected_figures(request, figure, variants).tolist(), strict=True))
    own = [
        Share(name, *given[name], effect=_shapley(name, names, found))
        for name in names
    ]  # fmt: skip
    return Shares(found[frozenset()], found[frozenset(names)], own)


def _shapley(name: str, names: Sequence[str], found: Mapping[frozenset[str], float]) -> float:
    count, total = len(names), 0.0
    for subset, value in found.items():
        if name not in subset:
            weight = math.factorial(len(subset)) * math.factorial(count - len(subset) - 1) / math.factorial(count)
            total += weight * (found[subset | {name}] - value)
    return total
