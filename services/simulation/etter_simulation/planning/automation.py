"""An automation roadmap from beginning to end: expected curves, the program, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from etter_simulation.engine.build import build
from etter_simulation.engine.expectation import Curves, auto_workloads, expected_curves
from etter_simulation.engine.request import MAX_STEPS, Capex, SimulationRequest
from etter_simulation.engine.statistics import Floats
from etter_simulation.planning import roadmap
from etter_simulation.planning.replay import replay

QUARTER: Final = 3
MAX_CHOICES: Final = 20_000
"""Auto workloads × quarters of one roadmap."""
NEVER: Final = MAX_STEPS


class TooManyChoices(ValueError):
    """More workloads and quarters than one roadmap may have."""


@dataclass(frozen=True)
class Asked:
    """`budget` is by year, what is left goes over; `start_costs` by (role, workload), `start_cost` for all others."""

    request: SimulationRequest
    budget: tuple[float, ...]
    start_cost: float
    start_costs: Mapping[tuple[str, str], float]
    value: Literal["payroll", "time"]
    max_fall: float
    time_limit_s: float


def plan(asked: Asked, *, threads: int, on_progress: Callable[[float], None]) -> dict[str, Any]:
    """The roadmap as it is stored."""
    request, works = asked.request, auto_workloads(asked.request)
    program = program_of(asked)
    if program.freed.size > MAX_CHOICES:
        raise TooManyChoices(f"{len(works)} Auto workloads in {program.quarters} quarters; at most {MAX_CHOICES}")
    found = roadmap.solve(program, time_limit_s=asked.time_limit_s)
    on_progress(0.3)
    simulated = replay(
        with_starts(request, found.starts.tolist(), program.start_cost),
        with_starts(request, [-1] * len(works), program.start_cost),
        threads=threads,
        with_freed_value=asked.value == "time",
        on_progress=lambda done: on_progress(0.3 + 0.7 * done),
    )
    return {
        "starts": _shown(asked, program, found),
        "value": asked.value,
        "objective": round(found.objective, 2),
        "bound": round(found.bound, 2),
        "gap": found.gap,
        "is_optimal": found.is_optimal,
        "spending": _spending(program, found),
        "simulated": simulated,
    }


def program_of(asked: Asked) -> roadmap.Program:
    """Expectations by quarter: means over its three months of shares, sums of money."""
    request, works = asked.request, auto_workloads(asked.request)
    curves = expected_curves(request, request.steps)
    role_of = np.array([role for role, _ in works], dtype=np.int64)
    monthly = np.array([role.salary / 12 * (1 + request.costs.on_cost) for role in request.roles])
    demand = build(request).demand[1:]
    return roadmap.Program(
        role_of=role_of,
        freed=_quarters(curves.saved) / QUARTER,
        spending=_spent(request, curves, role_of),
        start_cost=np.array([_start_cost(asked, role, place) for role, place in works]),
        pay=demand.reshape(-1, QUARTER, len(request.roles)).sum(axis=1) * monthly,
        posts=np.array([role.count for role in request.roles], dtype=np.float64),
        threshold=request.consolidation.threshold,
        budget=_budget(asked, request.steps // QUARTER),
        fall=np.array([_fall(request, at) for at in range(len(request.roles))]),
        company_fall=asked.max_fall,
        value=asked.value,
    )


def _quarters(by_month: Floats) -> Floats:
    """[workload, quarter]: sums over months 1 to 3, 4 to 6, …"""
    quarters: Floats = by_month[:, 1:].reshape(len(by_month), by_month.shape[1] // QUARTER, QUARTER).sum(axis=2)
    return quarters


def _spent(request: SimulationRequest, curves: Curves, role_of: Any) -> Floats:
    """Training and licences for the people there are at the start."""
    costs = request.costs
    count = np.array([role.count for role in request.roles], dtype=np.float64)[role_of]
    salary = np.array([role.salary for role in request.roles])[role_of]
    training = costs.training_hours / 2080 * (1 + costs.on_cost) * salary
    trained, used = (_quarters(rows) * count[:, None] for rows in (curves.adopting, curves.using))
    spent: Floats = trained * training[:, None] + used * costs.licence_per_seat_month
    return spent


def _start_cost(asked: Asked, role: int, place: int) -> float:
    one = asked.request.roles[role]
    return asked.start_costs.get((one.role, one.workloads[place].Name), asked.start_cost)


def _budget(asked: Asked, quarters: int) -> Floats:
    """Cumulative, by quarter; after the last year given, its budget again."""
    years = [asked.budget[min(year, len(asked.budget) - 1)] for year in range(-(-quarters * QUARTER // 12))]
    by_year = np.cumsum(years)
    budget: Floats = by_year[np.arange(quarters) * QUARTER // 12]
    return budget


def _fall(request: SimulationRequest, at: int) -> float:
    """The share of a role's posts that its staffing policies let go in a quarter, because of automation."""
    if request.backfill.policy == "to_original":
        return 0.0
    if request.layoffs.policy == "surplus":
        return 1.0
    if request.backfill.policy == "none":
        return 0.0
    own = request.roles[at].monthly_quit
    return float(1 - (1 - (request.attrition.monthly_quit if own is None else own)) ** QUARTER)


def with_starts(request: SimulationRequest, starts: list[int], start_cost: Floats) -> SimulationRequest:
    """The request with every Auto workload starting in its quarter, or never (-1), and paid for then."""
    works = auto_workloads(request)
    months = {place: QUARTER * start if start >= 0 else NEVER for place, start in zip(works, starts, strict=True)}
    roles = [
        role.model_copy(
            update={
                "workloads": [
                    workload.model_copy(update={"start_month": months.get((at, place), 0)})
                    for place, workload in enumerate(role.workloads)
                ]
            }
        )
        for at, role in enumerate(request.roles)
    ]
    due: dict[int, float] = {}
    for start, cost in zip(starts, start_cost.tolist(), strict=True):
        if start >= 0 and cost:
            due[QUARTER * start + 1] = due.get(QUARTER * start + 1, 0.0) + cost
    capex = [*request.costs.capex, *(Capex(month=month, amount=amount) for month, amount in sorted(due.items()))]
    return request.model_copy(update={"roles": roles, "costs": request.costs.model_copy(update={"capex": capex})})


def _shown(asked: Asked, program: roadmap.Program, found: roadmap.Roadmap) -> list[dict[str, Any]]:
    """By start, then as the request has them; those that never start last."""
    shown = []
    for at, (role, place) in enumerate(auto_workloads(asked.request)):
        one, start = asked.request.roles[role], int(found.starts[at])
        lasting = program.quarters - start if start >= 0 else 0
        shown.append(
            {
                "role": one.role, "workload": one.workloads[place].Name,
                "quarter": start + 1 if start >= 0 else None,
                "start_month": QUARTER * start if start >= 0 else None,
                "start_cost": round(float(program.start_cost[at]), 2),
                "running_cost": round(float(program.spending[at, :lasting].sum()), 2),
                "freed_share_at_end": round(float(program.freed[at, lasting - 1]) if lasting else 0.0, 6),
            }
        )  # fmt: skip
    return sorted(shown, key=lambda one: (one["quarter"] is None, one["quarter"] or 0))


def _spending(program: roadmap.Program, found: roadmap.Roadmap) -> list[dict[str, Any]]:
    so_far = np.cumsum(found.spent)
    return [
        {"quarter": at + 1, "spent": round(float(found.spent[at]), 2), "spent_so_far": round(float(so_far[at]), 2),
         "budget_so_far": round(float(program.budget[at]), 2)}
        for at in range(program.quarters)
    ]  # fmt: skip
