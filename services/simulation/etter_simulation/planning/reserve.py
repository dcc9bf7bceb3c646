"""How many to move and hire ahead when nobody knows how many will be missing: a two-stage linear program.

First stage: moves and hires ahead. Second stage, in each scenario: posts that are still missing are filled late, people
too many stand idle, a role that gave away more than its surplus hires late itself. Minimised is
(1 - κ) · mean + κ · CVaR95 of the cost (Rockafellar and Uryasev, J. Risk 2, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

TAIL: Final = 0.95


class ReserveNotSolved(RuntimeError):
    """No solution was found in the time there is."""


@dataclass(frozen=True)
class Stakes:
    """Prices in currency for one person. `gaps` are [scenario, role]: people too many (positive) or missing.

    Arcs go from role `sources` to role `targets` at `move` each; `ahead`, `late` and `idle` are [role]: a hire ahead of
    need, a post that is filled late, a person too many.
    """

    gaps: Ints
    sources: Ints
    targets: Ints
    move: Floats
    ahead: Floats
    late: Floats
    idle: Floats


@dataclass(frozen=True)
class Reserve:
    """People: `moves` [arc], `hires` [role]; a linear program's answer is not whole."""

    moves: Floats
    hires: Floats
    objective: float


def solve(stakes: Stakes, kappa: float, *, time_limit_s: float) -> Reserve:
    """The best reserve for the scenarios given, all of them equally likely."""
    layout = _Layout(stakes)
    found = linprog(
        layout.objective(kappa),
        A_ub=layout.rows(),
        b_ub=layout.limits(),
        bounds=layout.bounds(),
        method="highs",
        options={"time_limit": time_limit_s},
    )
    if found.status != 0:
        raise ReserveNotSolved(found.message)
    return Reserve(found.x[layout.moves], found.x[layout.hires], float(found.fun))


def costs(stakes: Stakes, moves: Floats, hires: Floats) -> Floats:
    """[scenario]: what a reserve costs in the end."""
    joined, left = np.zeros(len(hires)), np.zeros(len(hires))
    np.add.at(joined, stakes.targets, moves)
    np.add.at(left, stakes.sources, moves)
    first = float(stakes.move @ moves + stakes.ahead @ hires)
    missing = np.maximum(0.0, -stakes.gaps) - (joined + hires)
    second = np.maximum(0.0, missing) @ stakes.late + np.maximum(0.0, -missing) @ stakes.idle
    overdrawn: Floats = np.maximum(0.0, left - np.maximum(0.0, stakes.gaps)) @ stakes.late
    return first + second + overdrawn


def tail_mean(outcomes: Floats, tail: float = TAIL) -> float:
    """CVaR: the mean of the worst 1 - `tail` of equally likely outcomes; one that lies across counts in part."""
    ordered = np.sort(outcomes)[::-1]
    share = (1 - tail) * len(ordered)
    weights = np.clip(share - np.arange(len(ordered)), 0.0, 1.0)
    return float(weights @ ordered / share)


def weighed(outcomes: Floats, kappa: float) -> float:
    """What is minimised."""
    return float((1 - kappa) * outcomes.mean() + kappa * tail_mean(outcomes))


class _Layout:
    """Variables: moves [arc], hires [role], missing, idle, overdrawn [scenario, role], excess [scenario], level."""

    def __init__(self, stakes: Stakes) -> None:
        self.stakes = stakes
        self.scenarios, self.roles = stakes.gaps.shape
        self.moves = np.arange(len(stakes.sources))
        self.hires = len(self.moves) + np.arange(self.roles)
        after = len(self.moves) + self.roles
        block = self.scenarios * self.roles
        self.missing, self.idle, self.overdrawn = (
            after + at * block + np.arange(block).reshape(self.scenarios, self.roles) for at in range(3)
        )
        self.excess = after + 3 * block + np.arange(self.scenarios)
        self.level = after + 3 * block + self.scenarios
        self.size = self.level + 1

    def objective(self, kappa: float) -> Floats:
        weights = np.zeros(self.size)
        each = (1 - kappa) / self.scenarios
        weights[self.moves], weights[self.hires] = (1 - kappa) * self.stakes.move, (1 - kappa) * self.stakes.ahead
        weights[self.missing] = weights[self.overdrawn] = each * self.stakes.late
        weights[self.idle] = each * self.stakes.idle
        weights[self.excess] = kappa / ((1 - TAIL) * self.scenarios)
        weights[self.level] = kappa
        return weights

    def bounds(self) -> Floats:
        bounds = np.tile([0.0, np.inf], (self.size, 1))
        bounds[self.level, 0] = -np.inf
        return bounds

    def limits(self) -> Floats:
        shortage, surplus = np.maximum(0, -self.stakes.gaps), np.maximum(0, self.stakes.gaps)
        return np.concatenate([-shortage.ravel(), shortage.ravel(), surplus.ravel(), np.zeros(self.scenarios)])

    def rows(self) -> coo_array:
        """missing >= shortage - reserve, idle >= the opposite, overdrawn >= given - surplus, excess >= cost - level."""
        block = self.scenarios * self.roles
        parts = [
            *self._balance(0, self.missing, self.stakes.targets, sign=-1.0, with_hires=True),
            *self._balance(block, self.idle, self.stakes.targets, sign=1.0, with_hires=True),
            *self._balance(2 * block, self.overdrawn, self.stakes.sources, sign=1.0, with_hires=False),
            *self._tail(3 * block),
        ]
        row, column, value = (np.concatenate(part) for part in zip(*parts, strict=True))
        return coo_array((value, (row, column)), shape=(3 * block + self.scenarios, self.size)).tocsr()

    def _balance(
        self, first: int, slack: Ints, of_arc: Ints, *, sign: float, with_hires: bool
    ) -> list[tuple[Ints, Ints, Floats]]:
        """sign * (people by arcs and hires) - slack <= limit, for each scenario and role."""
        row = first + np.arange(slack.size).reshape(slack.shape)
        parts = [
            (row.ravel(), slack.ravel(), np.full(slack.size, -1.0)),
            _spread(row[:, of_arc], self.moves, sign),
        ]
        return [*parts, _spread(row, self.hires, sign)] if with_hires else parts

    def _tail(self, first: int) -> list[tuple[Ints, Ints, Floats]]:
        """cost - excess - level <= 0, for each scenario."""
        row = first + np.arange(self.scenarios)
        stakes, wide = self.stakes, row[:, None]
        parts = [
            (row, self.excess, np.full(len(row), -1.0)),
            (row, np.full(len(row), self.level), np.full(len(row), -1.0)),
            _spread(np.broadcast_to(wide, (len(row), len(self.moves))), self.moves, stakes.move),
            _spread(np.broadcast_to(wide, (len(row), self.roles)), self.hires, stakes.ahead),
        ]
        for variables, price in (
            (self.missing, stakes.late), (self.idle, stakes.idle), (self.overdrawn, stakes.late),
        ):  # fmt: skip
            rows = np.broadcast_to(wide, variables.shape)
            parts.append((rows.ravel(), variables.ravel(), np.broadcast_to(price, variables.shape).ravel()))
        return parts


def _spread(rows: Ints, columns: Ints, values: Floats | float) -> tuple[Ints, Ints, Floats]:
    """One row of `rows` [scenario, column] for each scenario, with the same values."""
    return (
        rows.ravel(),
        np.broadcast_to(columns, rows.shape).ravel(),
        np.broadcast_to(np.asarray(values, dtype=np.float64), rows.shape).ravel(),
    )
