"""The mean-field engine's arrays: the numbers of one or several models side by side, and where their people stand.

Shapes: [case, role], [case, role, Auto workload]; a number of a whole case is [case, 1]. A case is one model; cases
side by side have the same roles and workloads. Roles with fewer Auto workloads than others are filled up with ones that
nobody ever adopts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.tables import RULES, Model, Table

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Numbers:
    """What does not change during a run."""

    models: Sequence[Model]
    rules: dict[str, Floats]
    """Of `tables.RULES`, [case, 1]; `reskilled` is [case, 1, class]."""
    count: Floats
    salary: Floats
    quit: Floats
    auto_time: Floats
    workloads: Floats
    works: Floats
    """Number of Auto workloads."""
    demand: Floats
    """[month, case, role]"""
    time: Floats
    cut: Floats
    pace: Floats
    learn: Floats
    begins: Floats

    @classmethod
    def of(cls, models: Sequence[Model]) -> Numbers:
        roles = {name: _stacked([model.roles[name] for model in models]) for name in ("count", "salary", "quit")}
        works = {name: np.stack([_padded(model, name) for model in models]) for name in _WORKS}
        return cls(
            models,
            {name: _stacked([model.rules[name] for model in models]) for name in RULES.names or ()},
            **roles,
            **works,
            auto_time=_stacked([model.roles["auto_time"] for model in models]),
            workloads=_stacked([model.roles["workloads"] for model in models]),
            works=_stacked([model.roles["last"] - model.roles["first"] for model in models]),
            demand=np.stack([model.demand for model in models], axis=1),
        )


_WORKS: Final = ("time", "cut", "pace", "learn", "begins")


def _stacked(rows: Sequence[Table]) -> Floats:
    return np.stack(rows).astype(np.float64)


def _padded(model: Model, name: str) -> Floats:
    widths = model.roles["last"] - model.roles["first"]
    found = np.zeros((len(model.roles), int(widths.max(initial=0))))
    for role, row in zip(model.roles, found, strict=True):
        row[: role["last"] - role["first"]] = model.works[name][role["first"] : role["last"]]
    return found


@dataclass
class Crowd:
    """Expected people by status, and of the present ones the shares that have adopted and that are proficient.

    Who leaves is a fair sample and who enters takes the current shares (4.9), so only adoption and learning move them.
    """

    active: Floats
    ramping: Floats
    reskilling: Floats
    """[case, role, class]"""
    surplus_months: Floats
    adopted: Floats
    proficient: Floats

    @classmethod
    def at_start(cls, numbers: Numbers) -> Crowd:
        nobody, nothing = np.zeros_like(numbers.count), np.zeros_like(numbers.time)
        reskilling = np.zeros((*nobody.shape, 3))
        return cls(numbers.count.copy(), nobody, reskilling, nobody.copy(), nothing, nothing.copy())

    @property
    def present(self) -> Floats:
        return self.active + self.ramping

    @property
    def heads(self) -> Floats:
        heads: Floats = self.active + self.ramping + self.reskilling.sum(axis=-1)
        return heads

    def forget_where_nobody_is(self) -> None:
        """A role without present people has no shares: whoever comes next has adopted nothing."""
        empty = self.present <= 0.0
        if empty.any():
            self.adopted[empty] = self.proficient[empty] = 0.0
