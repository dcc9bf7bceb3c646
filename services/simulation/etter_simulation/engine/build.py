"""From a request to the tables of a run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np

from etter_simulation.engine.request import RoleIn, SimulationRequest
from etter_simulation.engine.tables import NO_HIRING, PAIR, ROLE, RULES, TO_ORIGINAL, TO_REQUIRED, WORK, Model, Table

ModelT = TypeVar("ModelT", bound=Any)
"""A `Model`, or one that varies by iteration (`varied.Varied`)."""

MINOR_UNITS = 100
"""Of a currency, as amounts are kept."""
DISTANCE_DIGITS = 12
"""Of distances. Shares such as 0.35 are not exact in binary: not rounded, 1 - (0.05 + 0.35) is more than 0.6."""
_GOALS = {"none": NO_HIRING, "to_required": TO_REQUIRED, "to_original": TO_ORIGINAL}


def build(request: SimulationRequest) -> Model:
    """The model of sections 2 to 6 with this request's numbers."""
    roles, works = _roles(request)
    pairs = _pairs(request)
    return Model(
        _rules(request), roles, works, pairs, _demand(request), _capex(request), _planned(request, pairs)
    )  # fmt: skip


def without_automation(request: SimulationRequest) -> SimulationRequest:
    """The counterfactual of section 6: the same request with A = 0, and nothing uncertain about that."""
    others = {name: found for name, found in request.uncertainty.items() if name != "automation_factor"}
    return request.model_copy(update={"automation_factor": 0.0, "uncertainty": others})


def counterfactual(request: SimulationRequest, model: ModelT) -> ModelT:
    """The model of `without_automation`, from the one of the request: only what adoption brings is another."""
    works = model.works.copy()
    works["pace" if request.adoption.mode == "intensity" else "cut"] = 0.0
    other: ModelT = model._replace(works=works)
    return other


def _rules(request: SimulationRequest) -> Table:
    costs, layoffs, moves = request.costs, request.layoffs, request.redeployment
    rules = np.zeros(1, dtype=RULES)
    values: dict[str, object] = {
        **request.adoption.model_dump(include={"p", "q", "mixing"}),
        **request.consolidation.model_dump(),
        "saving_while_learning": request.learning.saving_while_learning,
        "goal": _GOALS[request.backfill.policy],
        "fill": min(1.0, 1 / request.backfill.fill_months),
        "ramped": 1 / request.ramp.months,
        "ramp_productivity": request.ramp.productivity,
        "reskilled": [1 / months for months in moves.reskill_months],
        "redeployment": moves.enabled,
        "redeployment_share": moves.monthly_share,
        "layoffs": layoffs.policy == "surplus",
        "patience": math.floor(layoffs.patience_months),
        "layoff_share": layoffs.monthly_share,
        "on_cost": costs.on_cost,
        "training": costs.training_hours / 2080 * (1 + costs.on_cost),
        "licence": costs.licence_per_seat_month * MINOR_UNITS,
        "hire": costs.hire * MINOR_UNITS,
        "reskill": costs.reskill * MINOR_UNITS,
        "severance": costs.severance_months / 12,
        "start_heads": sum(role.count for role in request.roles),
        "start_salary": sum(role.count * (role.salary * MINOR_UNITS) for role in request.roles),
    }
    for name, value in values.items():
        rules[name] = value
    return rules


def _roles(request: SimulationRequest) -> tuple[Table, Table]:
    roles = np.zeros(len(request.roles), dtype=ROLE)
    works: list[tuple[float, float, float, float, int]] = []
    for index, role in enumerate(request.roles):
        first = len(works)
        works.extend(_works(request, role))
        quit_rate = request.attrition.monthly_quit if role.monthly_quit is None else role.monthly_quit
        auto_time = sum(workload.Time for workload in role.workloads if workload.Type == "Auto")
        roles[index] = (
            index, role.count, role.salary * MINOR_UNITS, quit_rate, first, len(works), len(role.workloads), auto_time,
        )  # fmt: skip
    return roles, np.array(works, dtype=WORK)


def _works(request: SimulationRequest, role: RoleIn) -> Iterator[tuple[float, float, float, float, int]]:
    adoption, factor = request.adoption, request.automation_factor
    intensity = adoption.mode == "intensity"
    for workload in role.workloads:
        if workload.Type == "Auto":
            cut = workload.ceiling * (1.0 if intensity else factor)
            pace = (factor if intensity else 1.0) * math.exp(adoption.skill_drag * (0.5 - workload.Skill))
            learn = min(1.0, 1 / max(1.0, request.learning.months * (0.5 + workload.Skill)))
            yield workload.Time, cut, pace, learn, workload.start_month


def _demand(request: SimulationRequest) -> Table:
    months = np.arange(request.steps + 1)[:, None]
    counts = np.array([role.count for role in request.roles], dtype=np.float64)[None, :]
    return counts * (1 + request.demand.growth) ** (months / 12)


def _capex(request: SimulationRequest) -> Table:
    due = np.zeros(request.steps + 1)
    for item in request.costs.capex:
        if item.month <= request.steps:
            due[item.month] += item.amount * MINOR_UNITS
    return due


def overlap_distance(one: RoleIn, other: RoleIn) -> float:
    """1 less the shared time of workloads of the same name (4.6): 0 identical, 1 nothing in common."""
    shares: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for found, role in zip(shares, (one, other), strict=True):
        for workload in role.workloads:
            found[workload.Name] += workload.Time  # type: ignore[assignment]  # typeshed: counts are ints
    common = sum(min(share, shares[1][name]) for name, share in shares[0].items())
    return max(0.0, round(1 - common, DISTANCE_DIGITS))


def _distances(request: SimulationRequest) -> Iterator[tuple[float, int, int]]:
    if request.redeployment.distance is not None:
        index = {role.role: at for at, role in enumerate(request.roles)}
        for pair in request.redeployment.distance:
            yield pair.distance, index[pair.source], index[pair.target]
        return
    holders: dict[str, list[int]] = {}
    for at, role in enumerate(request.roles):
        for name in {workload.Name for workload in role.workloads}:
            holders.setdefault(name, []).append(at)
    if request.redeployment.max_distance >= 1:
        holders = {"": list(range(len(request.roles)))}  # roles with nothing in common are near enough, too
    near = {(a, b) for group in holders.values() for a in group for b in group if a != b}
    for a, b in near:
        yield overlap_distance(request.roles[a], request.roles[b]), a, b


def _planned_distances(request: SimulationRequest) -> Iterator[tuple[float, int, int]]:
    index = {role.role: at for at, role in enumerate(request.roles)}
    given = {(pair.source, pair.target): pair.distance for pair in request.redeployment.distance or ()}
    for move in request.redeployment.plan or ():
        a, b = index[move.source], index[move.target]
        known = given.get((move.source, move.target))
        yield overlap_distance(request.roles[a], request.roles[b]) if known is None else known, a, b


def _planned(request: SimulationRequest, pairs: Table) -> Table:
    if request.redeployment.plan is None:
        return np.zeros((0, 0), dtype=np.int32)
    index = {role.role: at for at, role in enumerate(request.roles)}
    place = {(int(pair["source"]), int(pair["target"])): at for at, pair in enumerate(pairs)}
    people = np.zeros((request.steps + 1, len(pairs)), dtype=np.int32)
    for move in request.redeployment.plan:
        if move.month <= request.steps:
            people[move.month, place[index[move.source], index[move.target]]] += move.people
    return people


def _pairs(request: SimulationRequest) -> Table:
    if not request.redeployment.enabled:
        return np.zeros(0, dtype=PAIR)
    if request.redeployment.plan is not None:
        served = sorted(set(_planned_distances(request)))
    else:
        served = sorted(found for found in _distances(request) if found[0] <= request.redeployment.max_distance)
    rows = [(a, b, d, 0 if d <= 1 / 3 else 1 if d <= 2 / 3 else 2) for d, a, b in served]
    return np.array(rows, dtype=PAIR)
