"""Section 8, cohort engine: play a range of iterations through a range of months."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numba
import numpy as np

from etter_simulation.engine.cohort_month import (
    adopt,
    adopted_everywhere,
    hire,
    lay_off,
    mature,
    plan,
    quit_voluntarily,
)
from etter_simulation.engine.cohort_outputs import record_company, record_role
from etter_simulation.engine.cohort_tables import MIXING, Desk, State, lay_role, lay_rules, new_desk, start
from etter_simulation.engine.compiled import compiled, spliced
from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.engine.philox import Lane, Stream, begin
from etter_simulation.engine.redeployment import redeploy
from etter_simulation.engine.samplers import log_factorials
from etter_simulation.engine.tables import Model, Varied, in_every_iteration

__all__ = ["State", "advance", "start"]

_R = len(ROLE_METRICS)
_ready: list[Lane] = []
_preparing = Lock()


def advance(
    model: Model | Varied,
    state: State,
    stream: Stream,
    first_iteration: int,
    first_step: int,
    roles: Any,
    company: Any,
) -> None:
    """Write months from `first_step`: `roles` [month, role * metric, iteration], `company` [month, metric, iteration].

    `state` holds where the iterations stand at the month before (at month 0: its start) and is moved on. An empty
    `roles` asks for the company's rows alone. The first row of a model that varies is the first iteration's.
    """
    varied = in_every_iteration(model) if isinstance(model, Model) else model
    table = _prepare(varied, state, stream)
    _advance(varied, state, stream, table, first_iteration, first_step, roles, company)


def _prepare(model: Varied, state: State, stream: Stream) -> Lane:
    """Compile once, for rows of any layout: tables that are whole and parts of wider ones take the same code."""
    with _preparing:
        if not _ready:
            table = log_factorials()
            rows = numba.int64[:, :, :]
            compiler: Any = numba
            kinds = [compiler.typeof(given) for given in (model, state, stream, table)]
            kernel: Any = _advance
            kernel.compile((*kinds, numba.int64, numba.int64, rows, rows))
            kernel.disable_compile()
            _ready.append(table)
        return _ready[0]


@compiled
def _advance(
    model: Varied, state: State, stream: Stream, table: Lane, first_iteration: int, first_step: int, roles: Any,
    company: Any,
) -> None:  # fmt: skip
    lanes = state.people.shape[3]
    desk = new_desk(stream, table, model.roles.shape[1], lanes)
    for block in range(len(state.people)):
        place = block * lanes
        people, stages, money = state.people[block], state.stages[block], state.money[block]
        for i in range(lanes):
            desk.places[i] = place + i
            desk.draws.all.iterations[i] = np.uint64(first_iteration + place + i)
        lay_rules(model, desk)
        for at in range(company.shape[0]):
            begin(stream, first_iteration + place, first_step + at)
            _play_month(model, desk, people, stages, first_step + at, roles[at], place)
            desk.sums[len(desk.sums) - 1] += model.capex[first_step + at]
            record_company(model, desk, first_step + at, money)
            _write(desk.company, company[at], 0, place)


@spliced
def _play_month(model: Varied, desk: Desk, people: Any, stages: Any, step: int, rows: Any, place: int) -> None:
    """Section 4 in its order. Where no step asks about other roles, each role goes through all of them at once."""
    desk.company[:] = 0
    desk.sums[:] = 0.0
    if desk.terms[MIXING].any():
        adopted_everywhere(desk, stages)
    apart = model.rules[0].redeployment != 0
    for half in range(2 if apart else 1):
        if half and step > 0:
            redeploy(model, desk, people, stages, step)  # 4.6
        for r in range(len(people)):
            lay_role(model, desk, r, step)
            if not half:
                _before_moves(model, desk, people[r], stages, r, step)
            if half or not apart:
                _after_moves(model, desk, people[r], stages, r, step)
                if len(rows):
                    _write(desk.role, rows, r * _R, place)


@spliced
def _before_moves(model: Varied, desk: Desk, people: Any, stages: Any, r: int, step: int) -> None:
    event = desk.events[r]
    event[:] = 0.0
    if step > 0:
        adopt(model, desk, people, stages, event, r, step)  # 4.1, 4.2
        quit_voluntarily(model, desk, people, stages, event, r)  # 4.3
        mature(model, desk, people, stages, r)  # 4.4
        plan(model, desk, people, stages, event, r)  # 4.5


@spliced
def _after_moves(model: Varied, desk: Desk, people: Any, stages: Any, r: int, step: int) -> None:
    if step > 0:
        hire(model, desk, people, stages, desk.events[r], r)  # 4.7
        if model.rules[0].layoffs:
            lay_off(model, desk, people, stages, desk.events[r], r)  # 4.8
    record_role(model, desk, people, stages, r)


@compiled
def _write(found: Any, rows: Any, first: int, place: int) -> None:
    """Lanes of `found` to iterations from `place` on, those that there are."""
    count = min(found.shape[1], rows.shape[1] - place)
    for at in range(len(found)):
        row = rows[first + at]
        for i in range(count):
            row[place + i] = found[at, i]
