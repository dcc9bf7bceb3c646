"""Where the cohort engine's iterations stand: counts by role, lane by lane.

A lane is one iteration. `LANES` of them are a block and go through a month together: every event of a role is a few
loops over neighbouring numbers, which run in vector registers. Lanes beyond the last iteration are not recorded.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from etter_simulation.engine.compiled import compiled
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.philox import Lane, Stream
from etter_simulation.engine.samplers import WIDTH, Draws, new_draws
from etter_simulation.engine.tables import Model

LANES: Final = 64
"""Lanes of a block: what one role needs of them stays in the first cache."""

ACTIVE, RAMPING, RESKILLING, SURPLUS_MONTHS = 0, 1, 2, 5
"""Of people; RESKILLING and the two numbers above it are its classes."""
PEOPLE: Final = 6
NONE, LEARNING, PROFICIENT = 0, 1, 2
"""Of stages: N, L, P."""

QUITS, HIRES, LAID_OFF, MOVED_IN, MOVED_OUT, VACANCIES = 0, 1, 2, 3, 4, 5
ADOPTIONS, REQUIRED, SURPLUS, SHORTAGE, AVAILABLE, MOVING_COST = 6, 7, 8, 9, 10, 11
EVENTS: Final = 12
"""What happened to a role this month."""

SUMS: Final = 9
"""What is added up over roles, see `cohort_outputs`."""
_ROLE, _COMPANY = len(ROLE_METRICS), len(COMPANY_METRICS)


class State(NamedTuple):
    """Everything carried from month to month."""

    people: Any
    """[block, role, `ACTIVE`.., lane]"""
    stages: Any
    """[block, Auto workload, `NONE`.., lane]: present people of the role by adoption stage"""
    money: Any
    """[block, 2, lane]: cumulative one-off cost and cumulative net"""


def start(model: Model, iterations: int, *, lanes: int = LANES) -> State:
    """Month 0: everyone ACTIVE, nothing adopted. Blocks have `lanes` lanes, or as many as there are iterations for."""
    lanes = min(lanes, -(-iterations // WIDTH) * WIDTH)
    blocks = -(-iterations // lanes)
    people = np.zeros((blocks, len(model.roles), PEOPLE, lanes), dtype=np.int32)
    stages = np.zeros((blocks, len(model.works), 3, lanes), dtype=np.int32)
    people[:, :, ACTIVE] = model.roles["count"][None, :, None]
    for role in model.roles:
        stages[:, role["first"] : role["last"], NONE] = role["count"]
    return State(people, stages, np.zeros((blocks, 2, lanes), dtype=np.int64))


class Desk(NamedTuple):
    """What the kernels write on while they play a block: nothing in it outlives a month."""

    draws: Draws
    events: Any
    """[role, `QUITS`.., lane] float64"""
    sums: Any
    """[`cohort_outputs.SUMS`, lane] float64: over roles"""
    role: Any
    """[role metric, lane] int64"""
    company: Any
    """[company metric, lane] int64"""
    everywhere: Lane
    """F_all of section 4.1"""


@compiled
def new_desk(stream: Stream, table: Lane, roles: int, lanes: int) -> Desk:
    """`stream` has the seed; whose month it is, `begin` says."""
    return Desk(
        new_draws(stream, table, lanes),
        np.zeros((roles, EVENTS, lanes)),
        np.zeros((SUMS, lanes)),
        np.zeros((_ROLE, lanes), dtype=np.int64),
        np.zeros((_COMPANY, lanes), dtype=np.int64),
        np.zeros(lanes),
    )
