"""Where the cohort engine's iterations stand: counts by role, lane by lane.

A lane is one iteration. `LANES` of them are a block and go through a month together: every event of a role is a few
loops over neighbouring numbers, which run in vector registers. Lanes beyond the last iteration are not recorded.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.philox import Lane, Stream
from etter_simulation.engine.samplers import WIDTH, Draws, new_draws
from etter_simulation.engine.tables import Model, Varied

LANES: Final = 256
"""Lanes of a block: enough that a loop's beginning does not count, few enough that a role stays in the second cache."""

ACTIVE, RAMPING, RESKILLING, SURPLUS_MONTHS = 0, 1, 2, 5
"""Of people; RESKILLING and the two numbers above it are its classes."""
PEOPLE: Final = 6
NONE, LEARNING, PROFICIENT = 0, 1, 2
"""Of stages: N, L, P."""

QUITS, HIRES, LAID_OFF, MOVED_IN, MOVED_OUT, VACANCIES = 0, 1, 2, 3, 4, 5
ADOPTIONS, REQUIRED, SURPLUS, SHORTAGE, AVAILABLE, MOVING_COST = 6, 7, 8, 9, 10, 11
EVENTS: Final = 12
"""What happened to a role this month."""

INNOVATION, IMITATION, MIXING, SAVING, THRESHOLD, LEAST_TIME, FILL, RAMPED, PRODUCTIVITY = 0, 1, 2, 3, 4, 5, 6, 7, 8
MOVE_SHARE, LAYOFF_SHARE, PATIENCE = 9, 10, 11
ON_COST, TRAINING, LICENCE, HIRE_COST, RESKILL_COST, SEVERANCE = 12, 13, 14, 15, 16, 17
QUIT, DEMAND = 18, 19
CUT, PACE, LEARN = 20, 21, 22
TERMS: Final = 23
"""Parameters lane by lane: of the model, of the role and month in hand, of the Auto workload in hand."""

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


def start(model: Model | Varied, iterations: int) -> State:
    """Month 0: everyone ACTIVE, nothing adopted."""
    lanes = min(LANES, -(-iterations // WIDTH) * WIDTH)
    blocks = -(-iterations // lanes)
    roles = model.roles.reshape(-1, model.roles.shape[-1])[0]
    people = np.zeros((blocks, len(roles), PEOPLE, lanes), dtype=np.int32)
    stages = np.zeros((blocks, model.works.shape[-1], 3, lanes), dtype=np.int32)
    people[:, :, ACTIVE] = roles["count"][None, :, None]
    for role in roles:
        stages[:, role["first"] : role["last"], NONE] = role["count"]
    return State(people, stages, np.zeros((blocks, 2, lanes), dtype=np.int64))


class Desk(NamedTuple):
    """What the kernels write on while they play a block: nothing in it outlives a month."""

    draws: Draws
    places: Any
    """[lane] int64: which iteration of the model a lane is"""
    terms: Any
    """[`INNOVATION`.., lane] float64"""
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
        np.zeros(lanes, dtype=np.int64),
        np.zeros((TERMS, lanes)),
        np.zeros((roles, EVENTS, lanes)),
        np.zeros((SUMS, lanes)),
        np.zeros((_ROLE, lanes), dtype=np.int64),
        np.zeros((_COMPANY, lanes), dtype=np.int64),
        np.zeros(lanes),
    )


@compiled
def lay_rules(model: Varied, desk: Desk) -> None:
    """The terms of the model for the lanes' iterations."""
    for i in range(len(desk.places)):
        rules, terms = model.rules[min(desk.places[i], len(model.rules) - 1)], desk.terms
        terms[INNOVATION, i], terms[IMITATION, i], terms[MIXING, i] = rules.p, rules.q, rules.mixing
        terms[SAVING, i], terms[THRESHOLD, i] = rules.saving_while_learning, rules.threshold
        terms[LEAST_TIME, i], terms[FILL, i] = rules.min_time_share, rules.fill
        terms[RAMPED, i], terms[PRODUCTIVITY, i] = rules.ramped, rules.ramp_productivity
        terms[MOVE_SHARE, i], terms[LAYOFF_SHARE, i] = rules.redeployment_share, rules.layoff_share
        terms[PATIENCE, i], terms[ON_COST, i], terms[TRAINING, i] = rules.patience, rules.on_cost, rules.training
        terms[LICENCE, i], terms[HIRE_COST, i] = rules.licence, rules.hire
        terms[RESKILL_COST, i], terms[SEVERANCE, i] = rules.reskill, rules.severance


@inlined
def lay_role(model: Varied, desk: Desk, r: int, step: int) -> None:
    """The terms of one role in one month."""
    quits, demand = desk.terms[QUIT], desk.terms[DEMAND]
    if len(model.roles) == 1 and len(model.demand) == 1:
        quits[:], demand[:] = model.roles[0, r].quit, model.demand[0, step, r]
        return
    for i in range(len(quits)):
        quits[i] = model.roles[min(desk.places[i], len(model.roles) - 1), r].quit
        demand[i] = model.demand[min(desk.places[i], len(model.demand) - 1), step, r]


@inlined
def lay_work(model: Varied, desk: Desk, work: int) -> None:
    """The terms of one Auto workload."""
    cut, pace, learn = desk.terms[CUT], desk.terms[PACE], desk.terms[LEARN]
    if len(model.works) == 1:
        own = model.works[0, work]
        cut[:], pace[:], learn[:] = own.cut, own.pace, own.learn
        return
    for i in range(len(cut)):
        one = model.works[min(desk.places[i], len(model.works) - 1), work]
        cut[i], pace[i], learn[i] = one.cut, one.pace, one.learn
