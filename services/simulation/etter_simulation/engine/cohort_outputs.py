"""What `outputs` records, for all lanes of a block: the same numbers to the bit, which a test holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from etter_simulation.engine.cohort_month import automated_share, heads_of, lay_time_needed
from etter_simulation.engine.cohort_tables import (
    ACTIVE,
    ADOPTIONS,
    CUT,
    DEMAND,
    HIRE_COST,
    HIRES,
    LAID_OFF,
    LEARNING,
    LICENCE,
    MOVED_IN,
    MOVED_OUT,
    MOVING_COST,
    ON_COST,
    PRODUCTIVITY,
    PROFICIENT,
    QUITS,
    RAMPING,
    SAVING,
    SEVERANCE,
    TRAINING,
    VACANCIES,
    Desk,
    lay_work,
)
from etter_simulation.engine.compiled import compiled, spliced
from etter_simulation.engine.outputs import CASH, COUNTS, FRACTION, FTE, NULL, fixed, ratio
from etter_simulation.engine.samplers import A, B, C, K
from etter_simulation.engine.tables import Varied

AUTOMATION, TIME, UNUSED, WEIGHTS, WEIGHTS_OF_TIME = 0, 1, 2, 3, 4
SALARIES, BASELINE, SEATS, ONE_OFF = 5, 6, 7, 8
"""Rows of the desk's sums."""

_TIME, _CAPACITY, _RATES, _AUTOMATED = A, B, C, K


@compiled
def record_role(model: Varied, desk: Desk, people: Any, stages: Any, r: int) -> None:
    """Write one role's rows of section 5, and add it to the sums of its company."""
    event, rows = desk.events[r], desk.role
    lay_time_needed(model, desk, stages, r, desk.draws.all.slips[_TIME])
    _lay_rates(model, desk, stages, r)
    _record_shares(model, desk, people, rows, r)
    _record_fte(desk, rows)
    for at, what in enumerate((VACANCIES, QUITS, HIRES, LAID_OFF, MOVED_IN, MOVED_OUT)):
        for i in range(rows.shape[1]):
            rows[8 + at, i] = np.int64(event[what, i])
    _add_ratios(desk, people, rows)
    _add_money(model, desk, stages, event, r)
    for at in range(3):
        for i in range(rows.shape[1]):
            desk.company[FTE + at, i] += rows[5 + at, i]
    for at in range(6):
        for i in range(rows.shape[1]):
            desk.company[COUNTS + 1 + at, i] += rows[8 + at, i]


@spliced
def _lay_rates(model: Varied, desk: Desk, stages: Any, r: int) -> None:
    rates, automated, terms = desk.draws.all.slips[_RATES], desk.draws.all.slips[_AUTOMATED], desk.terms
    rates[:] = 0.0
    automated[:] = 0.0
    for work in range(model.roles[0, r].first, model.roles[0, r].last):
        time = model.works[0, work].time
        lay_work(model, desk, work)
        for i in range(len(rates)):
            share = automated_share(stages[work], i, terms[CUT, i], terms[SAVING, i])
            rates[i] += share
            automated[i] += time * share


@spliced
def _record_shares(model: Varied, desk: Desk, people: Any, rows: Any, r: int) -> None:
    role, terms, slips = model.roles[0, r], desk.terms, desk.draws.all.slips
    time, capacity, workloads = slips[_TIME], slips[_CAPACITY], np.float64(role.workloads)
    for i in range(len(time)):
        rows[0, i] = heads_of(people, i)
        rows[1, i] = fixed(slips[_RATES, i] / workloads)
    auto_time = role.auto_time if role.auto_time > 0.0 else 1.0  # without Auto work nothing is automated
    for i in range(len(time)):
        capacity[i] = people[ACTIVE, i] + terms[PRODUCTIVITY, i] * people[RAMPING, i]
        rows[2, i] = fixed(slips[_AUTOMATED, i] / auto_time)
    for i in range(len(time)):
        present = people[ACTIVE, i] + people[RAMPING, i]
        rows[3, i] = ratio(terms[DEMAND, i] * time[i], capacity[i])
        rows[4, i] = ratio(capacity[i] / time[i] - terms[DEMAND, i], np.float64(present))


@spliced
def _record_fte(desk: Desk, rows: Any) -> None:
    time, demand = desk.draws.all.slips[_TIME], desk.terms[DEMAND]
    for i in range(len(time)):
        rows[5, i] = fixed(demand[i] * (1.0 - time[i]))
        rows[6, i] = fixed(max(0.0, demand[i] - rows[0, i]))
        rows[7, i] = rows[5, i] - rows[6, i]


@spliced
def _add_ratios(desk: Desk, people: Any, rows: Any) -> None:
    """Weighted by present people. Time is a matter of capacity: there may be people and yet none of it."""
    sums = desk.sums
    for i in range(sums.shape[1]):
        here = np.float64(people[ACTIVE, i] + people[RAMPING, i])
        sums[WEIGHTS, i] += here
        sums[AUTOMATION, i] += here * (rows[1, i] / FRACTION)
        unused = here * (rows[4, i] / FRACTION)
        sums[UNUSED, i] += unused if here > 0.0 else 0.0
    for i in range(sums.shape[1]):
        present, exists = np.float64(people[ACTIVE, i] + people[RAMPING, i]), rows[3, i] != NULL
        weight = present if exists else 0.0
        sums[WEIGHTS_OF_TIME, i] += weight
        sums[TIME, i] += weight * (rows[3, i] / FRACTION)


@spliced
def _add_money(model: Varied, desk: Desk, stages: Any, event: Any, r: int) -> None:
    terms, salary, sums = desk.terms, model.roles[0, r].salary, desk.sums
    for i in range(sums.shape[1]):
        heads = desk.role[0, i]
        desk.company[COUNTS, i] += heads
        sums[SALARIES, i] += heads * salary
        sums[BASELINE, i] += terms[DEMAND, i] * salary
    for work in range(model.roles[0, r].first, model.roles[0, r].last):
        for i in range(sums.shape[1]):
            sums[SEATS, i] += stages[work, LEARNING, i] + stages[work, PROFICIENT, i]
    for i in range(sums.shape[1]):
        adopted, hired = event[ADOPTIONS, i] * terms[TRAINING, i] * salary, event[HIRES, i] * terms[HIRE_COST, i]
        sums[ONE_OFF, i] += adopted + hired
        sums[ONE_OFF, i] += event[MOVING_COST, i] + event[LAID_OFF, i] * terms[SEVERANCE, i] * salary


@spliced
def record_company(model: Varied, desk: Desk, step: int, cumulated: Any) -> None:
    """The company's rows of sections 5 and 6 from the sums over its roles.

    `cumulated` carries one-off cost and net from month to month; month 0 spends nothing.
    """
    out, sums, rules, terms = desk.company, desk.sums, model.rules[0], desk.terms
    for i in range(out.shape[1]):
        out[0, i] = ratio(sums[AUTOMATION, i], sums[WEIGHTS, i])
        out[1, i] = ratio(sums[TIME, i], sums[WEIGHTS_OF_TIME, i])
        out[2, i] = ratio(sums[UNUSED, i], sums[WEIGHTS, i])
        out[3, i] = ratio(np.float64(out[COUNTS, i]), rules.start_heads)
        out[4, i] = ratio(sums[SALARIES, i], rules.start_salary)
    for i in range(out.shape[1]):
        yearly = (1.0 + terms[ON_COST, i]) / 12.0
        out[CASH, i] = np.int64(np.floor(sums[SALARIES, i] * yearly + 0.5))
        out[CASH + 1, i] = np.int64(np.floor(sums[BASELINE, i] * yearly + 0.5))
        out[CASH + 2, i] = np.int64(np.floor(sums[SEATS, i] * terms[LICENCE, i] + 0.5))
        out[CASH + 3, i] = np.int64(np.floor(sums[ONE_OFF, i] + 0.5))
        out[CASH + 4, i] = out[CASH + 1, i] - out[CASH, i] - out[CASH + 2, i]
        if step > 0:
            cumulated[0, i] += out[CASH + 3, i]
            cumulated[1, i] += out[CASH + 4, i] - out[CASH + 3, i]
        out[CASH + 5, i], out[CASH + 6, i] = cumulated[0, i], cumulated[1, i]
