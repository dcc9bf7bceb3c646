"""Sections 4.10, 5 and 6: what one month of one iteration shows. All of it whole numbers, so that sums have no order.

Counts stand as they are, ratios and FTE as fixed-point numbers with 32 fractional bits, money in the smallest currency
unit. A value that does not exist (nobody present) is `NULL`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.staffing import automated_share, heads_of, present_of, time_needed
from etter_simulation.engine.tables import Model, Table

NULL: Final = np.iinfo(np.int64).min
FRACTION: Final = 4294967296.0  # 2**32
LARGEST_RATIO: Final = 2147483647.0  # 2**31 - 1

FTE, COUNTS, CASH = 5, 8, 15  # where the blocks of `metrics.COMPANY_METRICS` begin


@inlined
def fixed(value: float) -> int:
    return math.floor(value * FRACTION + 0.5)


@inlined
def ratio(above: float, below: float) -> int:
    """Kept within what a fixed-point number holds: almost nobody's work over almost nothing has no bound."""
    exists = below > 0.0
    bounded = min(max(above / (below if exists else 1.0), -LARGEST_RATIO), LARGEST_RATIO)
    found = fixed(bounded)
    return found if exists else NULL


@inlined
def record_role(model: Model, person: Table, stages: Table, event: Table, r: int, demand: float, out: Table) -> float:
    """Write one role's row of section 5; returns x_r."""
    role = model.roles[r]
    time, heads, present = time_needed(model, stages, r), heads_of(person), present_of(person)
    rates, automated = 0.0, 0.0
    for work in range(role.first, role.last):
        share = automated_share(model, stages[work], work)
        rates += share
        automated += model.works[work].time * share
    capacity = person.active + model.rules[0].ramp_productivity * person.ramping
    out[0] = heads
    out[1] = fixed(rates / role.workloads)
    out[2] = fixed(automated / role.auto_time) if role.auto_time > 0.0 else 0
    out[3] = ratio(demand * time, capacity)
    out[4] = ratio(capacity / time - demand, present)
    out[5] = fixed(demand * (1.0 - time))
    out[6] = fixed(max(0.0, demand - heads))
    out[7] = out[5] - out[6]
    out[8], out[9], out[10] = event.vacancies, event.quits, event.hires
    out[11], out[12], out[13] = event.laid_off, event.moved_in, event.moved_out
    return time


@compiled
def record_company(model: Model, people: Table, roles: Table, out: Table) -> None:
    """The company's row of section 5 from the roles' rows: means weighted by present people, sums of the rest."""
    out[:] = 0
    present, salaries, sums, weights = 0, 0.0, np.zeros(3), np.zeros(3)
    for r in range(len(people)):
        here = present_of(people[r])
        present += here
        salaries += roles[r, 0] * model.roles[r].salary
        for at, source in enumerate((1, 3, 4)):
            if here > 0 and roles[r, source] != NULL:
                sums[at] += here * (roles[r, source] / FRACTION)
                weights[at] += here
        for at in range(3):
            out[FTE + at] += roles[r, 5 + at]
        out[COUNTS] += roles[r, 0]
        for at in range(6):
            out[COUNTS + 1 + at] += roles[r, 8 + at]
    for at in range(3):
        out[at] = ratio(sums[at], weights[at])
    out[3] = ratio(out[COUNTS], model.rules[0].start_heads)
    out[4] = ratio(salaries, model.rules[0].start_salary)


@compiled
def record_money(
    model: Model, people: Table, stages: Table, events: Table, step: int, cumulated: Table, out: Table
) -> None:
    """Section 6. `cumulated` carries one-off cost and net from month to month; month 0 spends nothing."""
    rules, seats = model.rules[0], 0
    payroll, baseline, one_off = 0.0, 0.0, model.capex[step]
    for r in range(len(people)):
        role, event = model.roles[r], events[r]
        payroll += heads_of(people[r]) * role.salary
        baseline += model.demand[step, r] * role.salary
        for work in range(role.first, role.last):
            seats += stages[work].learning + stages[work].proficient
        one_off += event.adoptions * rules.training * role.salary + event.hires * rules.hire
        one_off += event.moving_cost + event.laid_off * rules.severance * role.salary
    yearly = (1.0 + rules.on_cost) / 12.0
    out[CASH] = math.floor(payroll * yearly + 0.5)
    out[CASH + 1] = math.floor(baseline * yearly + 0.5)
    out[CASH + 2] = math.floor(seats * rules.licence + 0.5)
    out[CASH + 3] = math.floor(one_off + 0.5)
    out[CASH + 4] = out[CASH + 1] - out[CASH] - out[CASH + 2]
    if step > 0:
        cumulated[0] += out[CASH + 3]
        cumulated[1] += out[CASH + 4] - out[CASH + 3]
    out[CASH + 5], out[CASH + 6] = cumulated[0], cumulated[1]
