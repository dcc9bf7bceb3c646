"""What to automate when, under a budget: a mixed-integer program over (workload, start quarter).

Freed time becomes money in one of two ways. `time`: every freed hour counts at what it is paid. `payroll`: it counts
once posts go. The share of posts that goes, 1 - x / (1 - θ x) of 4.5, is a concave function of the freed share beyond
θ / (1 + θ) and zero before: tangents bound it from above, one binary per role and quarter switches it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

TANGENTS: Final = 7
_OPTIMAL, _LIMIT = 0, 1


class RoadmapNotSolved(RuntimeError):
    """No plan was found in the time there is."""


@dataclass(frozen=True)
class Program:
    """Money in currency. Workloads are the rows of `freed`; their quarters count from their own start.

    `spending` and `freed` are [workload, quarter since start]: what a started workload costs in that quarter, and the
    share of its role's time that it frees then on average. A start costs `start_cost` [workload] at once.
    """

    role_of: Ints
    freed: Floats
    spending: Floats
    start_cost: Floats
    pay: Floats
    """[quarter, role]: what all its people are paid in the quarter, employer's share included."""
    posts: Floats
    """[role], people at the start."""
    threshold: float
    budget: Floats
    """[quarter]: what may have been spent by its end, all told."""
    fall: Floats
    """[role]: the largest share of its posts that may go in a quarter."""
    company_fall: float
    """The largest share of all posts that may go in a quarter."""
    value: Literal["payroll", "time"] = "payroll"

    @property
    def quarters(self) -> int:
        return len(self.budget)


@dataclass(frozen=True)
class Roadmap:
    """`starts` [workload] is the quarter each starts in, -1: not at all.

    `objective` is what was maximised: savings less spending over all quarters. No plan is better than `bound`.
    `saved` [quarter, role] is the share of the role's posts (or, valuing time, of its time) that is saved.
    """

    starts: Ints
    objective: float
    bound: float
    gap: float
    is_optimal: bool
    saved: Floats
    spent: Floats
    """[quarter]"""


def posts_saved(freed: Floats, threshold: float) -> Floats:
    """The share of posts that goes for a freed share of time (4.5, without rounding)."""
    spare = 1 - threshold * (1 - freed)
    with np.errstate(divide="ignore"):
        share: Floats = np.where(spare > 0, 1 - (1 - freed) / np.where(spare > 0, spare, 1), 0.0)
    return np.maximum(0.0, share)


def solve(program: Program, *, time_limit_s: float, relative_gap: float = 1e-4) -> Roadmap:
    """The best roadmap, or the best one found by `time_limit_s` with the gap that remains."""
    layout = _Layout(program)
    rows = _Rows(layout.size)
    _at_most_one_start(layout, rows)
    _within_budget(layout, rows)
    if program.value == "payroll":
        _posts_follow_freed_time(layout, rows)
        _posts_go_slowly(layout, rows)
    found = milp(
        -layout.worth(),
        integrality=layout.integrality(),
        bounds=Bounds(0, layout.upper_bounds()),
        constraints=rows.constraint(),
        options={"time_limit": time_limit_s, "mip_rel_gap": relative_gap},
    )
    if found.status not in (_OPTIMAL, _LIMIT) or found.x is None:
        raise RoadmapNotSolved(found.message)
    return _read(layout, found.x, -float(found.fun), -float(found.mip_dual_bound), found.status == _OPTIMAL)


class _Layout:
    """Where the variables stand: starts [workload, quarter], saved [quarter, role], switched on [quarter, role]."""

    def __init__(self, program: Program) -> None:
        self.program = program
        works, quarters, roles = len(program.role_of), program.quarters, len(program.posts)
        self.starts = np.arange(works * quarters).reshape(works, quarters)
        after = works * quarters
        self.saved = after + np.arange(quarters * roles).reshape(quarters, roles)
        self.on = self.saved + quarters * roles
        self.size = after + 2 * quarters * roles

    def worth(self) -> Floats:
        """Of each variable, in the objective."""
        program, worth = self.program, np.zeros(self.size)
        for start in range(program.quarters):
            lasting = program.quarters - start
            spent = program.start_cost + program.spending[:, :lasting].sum(axis=1)
            worth[self.starts[:, start]] = -spent
            if program.value == "time":
                paid = program.pay[start:, program.role_of].T
                worth[self.starts[:, start]] += (program.freed[:, :lasting] * paid).sum(axis=1)
        if program.value == "payroll":
            worth[self.saved] = program.pay
        return worth

    def integrality(self) -> Ints:
        whole = np.ones(self.size, dtype=np.int64)
        whole[self.saved.ravel()] = 0
        return whole

    def upper_bounds(self) -> Floats:
        highest = np.ones(self.size)
        if self.program.value == "time":
            highest[self.saved.ravel()] = highest[self.on.ravel()] = 0
        return highest

    def freed_by(self, role: int, quarter: int) -> tuple[Ints, Floats]:
        """Variables and coefficients of the share of `role`'s time that is freed in `quarter`."""
        works = np.flatnonzero(self.program.role_of == role)
        since = quarter - np.arange(quarter + 1)
        return self.starts[works, : quarter + 1].ravel(), self.program.freed[works][:, since].ravel()


class _Rows:
    """Linear rows `sum(coefficient * variable) <= limit`, collected one by one."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._limits: list[float] = []
        self._parts: list[tuple[Ints, Ints, Floats]] = []

    def add(self, variables: Ints, coefficients: Floats, limit: float) -> None:
        row = np.full(len(variables), len(self._limits), dtype=np.int64)
        self._parts.append((row, variables, coefficients))
        self._limits.append(limit)

    def constraint(self) -> LinearConstraint:
        row, column, value = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        matrix = coo_array((value, (row, column)), shape=(len(self._limits), self._size)).tocsr()
        return LinearConstraint(matrix, -np.inf, np.array(self._limits))


def _at_most_one_start(layout: _Layout, rows: _Rows) -> None:
    for own in layout.starts:
        rows.add(own, np.ones(len(own)), 1.0)


def _within_budget(layout: _Layout, rows: _Rows) -> None:
    program = layout.program
    spent_by = program.start_cost[:, None] + np.cumsum(program.spending, axis=1)
    for quarter, limit in enumerate(program.budget):
        since = quarter - np.arange(quarter + 1)
        rows.add(layout.starts[:, : quarter + 1].ravel(), spent_by[:, since].ravel(), float(limit))


def _posts_follow_freed_time(layout: _Layout, rows: _Rows) -> None:
    program, threshold = layout.program, layout.program.threshold
    least = threshold / (1 + threshold)
    for role in range(len(program.posts)):
        works = program.role_of == role
        most = float(program.freed[works].max(axis=1).sum()) if works.any() else 0.0
        points = np.linspace(least, max(least, most), TANGENTS)
        slopes = 1 / (1 - threshold * (1 - points)) ** 2
        offsets = posts_saved(points, threshold) - slopes * points
        for quarter in range(program.quarters):
            variables, freed = layout.freed_by(role, quarter)
            saved, on = layout.saved[quarter, role], layout.on[quarter, role]
            rows.add(np.array([saved, on]), np.array([1.0, -1.0]), 0.0)
            for slope, offset in zip(slopes, offsets, strict=True):
                # saved <= offset * on + slope * freed: with `on` at 0 the row above holds, too
                rows.add(np.append(variables, [saved, on]), np.append(-slope * freed, [1.0, -offset]), 0.0)


def _posts_go_slowly(layout: _Layout, rows: _Rows) -> None:
    program = layout.program
    total = max(float(program.posts.sum()), 1.0)
    for quarter in range(program.quarters):
        now = layout.saved[quarter]
        before = layout.saved[quarter - 1] if quarter else now[:0]
        for role, limit in enumerate(program.fall):
            rows.add(np.append(now[role], before[role : role + 1]), np.array([1.0, -1.0])[: 1 + bool(quarter)], limit)
        share = program.posts / total
        rows.add(np.append(now, before), np.append(share, -share[: len(before)]), program.company_fall)


def _read(layout: _Layout, x: Floats, objective: float, bound: float, is_optimal: bool) -> Roadmap:
    program, chosen = layout.program, x[layout.starts] > 0.5
    starts = np.where(chosen.any(axis=1), chosen.argmax(axis=1), -1)
    spent, saved = np.zeros(program.quarters), x[layout.saved]
    for work, start in enumerate(starts):
        if start >= 0:
            spent[start] += program.start_cost[work]
            spent[start:] += program.spending[work, : program.quarters - start]
            if program.value == "time":
                saved[start:, program.role_of[work]] += program.freed[work, : program.quarters - start]
    gap = max(0.0, bound - objective) / max(1.0, abs(objective))
    return Roadmap(starts, objective, bound, gap, is_optimal, saved, spent)
