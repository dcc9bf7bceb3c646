"""Expected adoption of single workloads (4.1 and 4.2 with every draw replaced by its mean), month by month.

Shares of a role's people do not change by quits, hires and moves: leavers are drawn evenly and entrants take the
shares there are (4.9). So one curve serves a workload whenever it starts. `mixing` is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.build import build
from etter_simulation.engine.request import SimulationRequest

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """[workload, month since its start]: shares of people that adopt in the month, that use it, that it saves time.

    `saved` is in shares of the role's working time: τ_w a_w.
    """

    adopting: Floats
    using: Floats
    saved: Floats


def auto_workloads(request: SimulationRequest) -> list[tuple[int, int]]:
    """(role, place among its workloads) of every Auto workload, in the order of the curves."""
    return [
        (at, place)
        for at, role in enumerate(request.roles)
        for place, workload in enumerate(role.workloads)
        if workload.Type == "Auto"
    ]


def expected_curves(request: SimulationRequest, months: int) -> Curves:
    """For every Auto workload, months 0..`months` after its start."""
    works = build(request).works
    time, cut, pace, learn = (works[name] for name in ("time", "cut", "pace", "learn"))
    saving, p, q = request.learning.saving_while_learning, request.adoption.p, request.adoption.q
    none, learning, proficient = np.ones(len(time)), np.zeros(len(time)), np.zeros(len(time))
    adopting, using, saved = (np.zeros((len(time), months + 1)) for _ in range(3))
    for month in range(1, months + 1):
        new = none * -np.expm1(-pace * (p + q * (learning + proficient)) / 12)
        mastered = learning * learn
        none, learning, proficient = none - new, learning + new - mastered, proficient + mastered
        adopting[:, month], using[:, month] = new, learning + proficient
        saved[:, month] = time * cut * (saving * learning + proficient)
    return Curves(adopting, using, saved)
