"""A model whose parameters are others in every iteration: tables with a row per iteration where they differ.

Iteration by iteration they are, to the bit, what `build` makes of the request with that iteration's values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from etter_simulation.engine.build import MINOR_UNITS, build
from etter_simulation.engine.parameters import with_values
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.statistics import Floats
from etter_simulation.engine.tables import Model, Table, Varied


def vary(request: SimulationRequest, values: Mapping[str, Floats]) -> Varied:
    """The tables of `request` with `values` [iteration] of some parameters."""
    distances = values.get("redeployment.max_distance")
    widest = request if distances is None else with_values(request, {"redeployment.max_distance": distances.max()})
    base = build(widest)
    count = len(next(iter(values.values())))
    offered = np.full(count, len(base.pairs))
    if distances is not None and request.redeployment.plan is None:
        offered = np.searchsorted(base.pairs["distance"], distances, side="right")
    return Varied(
        _rules(request, base, values, count),
        _roles(request, base, values),
        _works(request, base, values),
        base.pairs, offered, _demand(request, base, values), base.capex, base.planned,
    )  # fmt: skip


def _as_it_is(values: Floats) -> Floats:
    return values


def _in_minor_units(values: Floats) -> Floats:
    return values * MINOR_UNITS


def _one_over(values: Floats) -> Floats:
    return 1 / values


_RULES: Final[dict[str, tuple[str, Callable[[Floats], Any]]]] = {
    "adoption.p": ("p", _as_it_is),
    "adoption.q": ("q", _as_it_is),
    "adoption.mixing": ("mixing", _as_it_is),
    "consolidation.threshold": ("threshold", _as_it_is),
    "consolidation.min_time_share": ("min_time_share", _as_it_is),
    "learning.saving_while_learning": ("saving_while_learning", _as_it_is),
    "backfill.fill_months": ("fill", lambda months: np.minimum(1.0, 1 / months)),
    "ramp.months": ("ramped", _one_over),
    "ramp.productivity": ("ramp_productivity", _as_it_is),
    "redeployment.monthly_share": ("redeployment_share", _as_it_is),
    "layoffs.patience_months": ("patience", np.floor),
    "layoffs.monthly_share": ("layoff_share", _as_it_is),
    "costs.on_cost": ("on_cost", _as_it_is),
    "costs.licence_per_seat_month": ("licence", _in_minor_units),
    "costs.hire": ("hire", _in_minor_units),
    "costs.reskill": ("reskill", _in_minor_units),
    "costs.severance_months": ("severance", lambda months: months / 12),
}
"""The rule that a parameter is, and how; the others make tables of their own."""


def _rules(request: SimulationRequest, base: Model, values: Mapping[str, Floats], count: int) -> Table:
    rules = np.repeat(base.rules, count)
    for name, found in values.items():
        if name in _RULES:
            column, made = _RULES[name]
            rules[column] = made(found)
    if "costs.on_cost" in values or "costs.training_hours" in values:
        hours = values.get("costs.training_hours", request.costs.training_hours)
        rules["training"] = hours / 2080 * (1 + values.get("costs.on_cost", request.costs.on_cost))
    return rules


def _roles(request: SimulationRequest, base: Model, values: Mapping[str, Floats]) -> Table:
    quits = values.get("attrition.monthly_quit")
    if quits is None:
        return base.roles[None, :]
    roles = np.repeat(base.roles[None, :], len(quits), axis=0)
    common = [role.monthly_quit is None for role in request.roles]
    roles["quit"][:, common] = quits[:, None]
    return roles


def _works(request: SimulationRequest, base: Model, values: Mapping[str, Floats]) -> Table:
    varying = [
        values[name] for name in ("automation_factor", "adoption.skill_drag", "learning.months") if name in values
    ]
    if not varying:
        return base.works[None, :]
    auto = [workload for role in request.roles for workload in role.workloads if workload.Type == "Auto"]
    skills = np.array([workload.Skill for workload in auto])
    ceilings = np.array([workload.ceiling for workload in auto])
    works = np.repeat(base.works[None, :], len(varying[0]), axis=0)
    factor = _column(values, "automation_factor", request.automation_factor)
    whole = np.ones((1, 1))
    cut, speed = (whole, factor) if request.adoption.mode == "intensity" else (factor, whole)
    drag = _column(values, "adoption.skill_drag", request.adoption.skill_drag)
    months = _column(values, "learning.months", request.learning.months)
    works["cut"] = ceilings * cut
    works["pace"] = speed * _drag(drag[:, 0], skills)
    works["learn"] = np.minimum(1.0, 1 / np.maximum(1.0, months * (0.5 + skills)))
    return works


def _drag(drags: Floats, skills: Floats) -> Floats:
    """[iteration or 1, Auto workload]; by the library that `build` uses, since another may round otherwise."""
    different, places = np.unique(skills, return_inverse=True)
    table = [[math.exp(drag * (0.5 - skill)) for skill in different.tolist()] for drag in drags.tolist()]
    found: Floats = np.array(table, dtype=np.float64).reshape(len(drags), len(different))[:, places]
    return found


def _column(values: Mapping[str, Floats], name: str, fixed: float) -> Floats:
    return values[name][:, None] if name in values else np.full((1, 1), fixed)


def _demand(request: SimulationRequest, base: Model, values: Mapping[str, Floats]) -> Table:
    growth = values.get("demand.growth")
    if growth is None:
        return base.demand[None, :, :]
    months = np.arange(request.steps + 1)[None, :, None]
    return base.demand[None, :1, :] * (1 + growth[:, None, None]) ** (months / 12)
