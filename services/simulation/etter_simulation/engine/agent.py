"""Section 8, agent engine (reference): every employee has a slot, and every event is drawn for one person.

It shares with the cohort engine what section 4 computes from counts, and its records. What chance does, it draws in
its own way and from its own channels: a person's block is addressed by the slot within the role.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from etter_simulation.engine.agent_month import play_month
from etter_simulation.engine.agent_tables import PLACE, Crew
from etter_simulation.engine.compiled import compiled
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.outputs import record_company, record_money, record_role
from etter_simulation.engine.philox import Stream
from etter_simulation.engine.tables import MONTH, Model, Table
from etter_simulation.engine.tables import start as start_counts

_R = len(ROLE_METRICS)
_C = len(COMPANY_METRICS)


class AgentState(NamedTuple):
    """Where iterations stand: the employees, and the counts of the cohort engine kept beside them."""

    people: Table
    stages: Table
    money: Table
    places: Table
    """[role]"""
    status: Table
    """[iteration, slot]"""
    stage: Table
    """[iteration, slot and Auto workload of its role]"""


def start(model: Model, iterations: int) -> AgentState:
    """Month 0: everyone ACTIVE, nothing adopted."""
    counts = start_counts(model, iterations)
    places = _places(model)
    status = np.zeros((iterations, int(places["last"][-1])), dtype=np.uint8)
    for role, place in zip(model.roles, places, strict=True):
        status[:, place["first"] : place["first"] + role["count"]] = 1
    cells = int(places["stages"][-1] + _cells(model, places)[-1])
    return AgentState(*counts, places, status, np.zeros((iterations, cells), dtype=np.uint8))


def _places(model: Model) -> Table:
    """Each role has as many slots as it can have heads: property S3."""
    most = np.maximum(model.roles["count"], np.ceil(model.demand.max(axis=0) - 1e-9).astype(np.int64))
    places = np.zeros(len(model.roles), dtype=PLACE)
    places["last"] = most.cumsum()
    places["first"] = places["last"] - most
    cells = _cells(model, places)
    places["stages"] = cells.cumsum() - cells
    return places


def _cells(model: Model, places: Table) -> Table:
    return (places["last"] - places["first"]) * (model.roles["last"] - model.roles["first"])


@compiled
def advance(
    model: Model, state: AgentState, stream: Stream, first_iteration: int, first_step: int, roles: Table, company: Table
) -> None:
    """As `cohort.advance`: the same rows, the same state of counts."""
    count = len(model.roles)
    events = np.zeros(count, dtype=MONTH)
    role_row = np.zeros((count, _R), dtype=np.int64)
    company_row = np.zeros(_C, dtype=np.int64)
    frozen = np.zeros((len(state.stages[0]), 3), dtype=np.int64)
    chosen = np.zeros(len(state.status[0]), dtype=np.int64)
    for at in range(company.shape[0]):
        step = first_step + at
        for i in range(company.shape[2]):
            people, stages = state.people[i], state.stages[i]
            if step > 0:
                crew = Crew(state.places, state.status[i], state.stage[i], people, stages, frozen, chosen)
                play_month(model, stream, crew, events, first_iteration + i, step)
            for r in range(count):
                record_role(model, people[r], stages, events[r], r, model.demand[step, r], role_row[r])
            record_company(model, people, role_row, company_row)
            record_money(model, people, stages, events, step, state.money[i], company_row)
            company[at, :, i] = company_row
            if roles.shape[1]:
                for r in range(count):
                    for metric in range(_R):
                        roles[at, r * _R + metric, i] = role_row[r, metric]
