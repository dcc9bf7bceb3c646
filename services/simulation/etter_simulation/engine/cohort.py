"""Section 8, cohort engine: play a range of iterations through a range of months."""

from __future__ import annotations

import numpy as np

from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.month import play_month
from etter_simulation.engine.outputs import record_company, record_money, record_role
from etter_simulation.engine.philox import Stream
from etter_simulation.engine.tables import MONTH, Model, State, Table

_R = len(ROLE_METRICS)
_C = len(COMPANY_METRICS)


@inlined
def _write(row: Table, out: Table) -> None:
    for r in range(row.shape[0]):
        for metric in range(_R):
            out[r * _R + metric] = row[r, metric]


@compiled
def advance(
    model: Model, state: State, stream: Stream, first_iteration: int, first_step: int, roles: Table, company: Table
) -> None:
    """Write months from `first_step`: `roles` [month, role * metric, iteration], `company` [month, metric, iteration].

    `state` holds where the iterations stand at the month before (at month 0: its start) and is moved on. An empty
    `roles` asks for the company's rows alone. Months are the outer loop: a month's rows stay in the processor's cache.
    """
    count = len(model.roles)
    events = np.zeros(count, dtype=MONTH)
    role_row = np.zeros((count, _R), dtype=np.int64)
    company_row = np.zeros(_C, dtype=np.int64)
    for at in range(company.shape[0]):
        step = first_step + at
        for i in range(company.shape[2]):
            people, stages = state.people[i], state.stages[i]
            if step > 0:
                play_month(model, stream, people, stages, events, first_iteration + i, step)
            for r in range(count):
                record_role(model, people[r], stages, events[r], r, model.demand[step, r], role_row[r])
            record_company(model, people, role_row, company_row)
            record_money(model, people, stages, events, step, state.money[i], company_row)
            company[at, :, i] = company_row
            if roles.shape[1]:
                _write(role_row, roles[at, :, i])
