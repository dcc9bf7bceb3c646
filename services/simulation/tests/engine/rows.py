"""Plays a request and keeps every iteration's rows, which a run itself only summarises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from etter_simulation.engine import cohort
from etter_simulation.engine.build import build
from etter_simulation.engine.engines import engine_of
from etter_simulation.engine.metrics import COMPANY_METRICS, FRACTIONS, ROLE_METRICS
from etter_simulation.engine.outputs import FRACTION, NULL
from etter_simulation.engine.philox import new_stream
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.tables import PEOPLE, STAGES, Model, Table


@dataclass(frozen=True)
class Records:
    """Where cohorts stand as records: `people` [iteration, role], `stages` [iteration, Auto workload]."""

    people: Table
    stages: Table


@dataclass(frozen=True)
class Rows:
    """`roles` [month, role, metric, iteration] and `company` [month, metric, iteration] as kept, and the end state."""

    model: Model
    state: Any
    roles: Any
    company: Any

    def role(self, metric: str, role: int = 0) -> Any:
        """[month, iteration] in the units of section 5; NaN for null."""
        return _as_units(self.roles[:, role, ROLE_METRICS.index(metric)], metric)

    def total(self, metric: str) -> Any:
        return _as_units(self.company[:, COMPANY_METRICS.index(metric)], metric)


def _as_units(kept: Any, metric: str) -> Any:
    return np.where(kept == NULL, np.nan, kept / (FRACTION if metric in FRACTIONS else 1.0))


def _by_iteration(lanes: Any, iterations: int) -> Any:
    """[iteration, row, field] of lanes by [block, row, field, lane]."""
    blocks, rows, fields, width = lanes.shape
    return lanes.transpose(0, 3, 1, 2).reshape(blocks * width, rows, fields)[:iterations]


def records_of(state: Any, iterations: int) -> Any:
    """A cohort's lanes as records; the state of another engine as it is."""
    if not isinstance(state, cohort.State):
        return state
    counts = _by_iteration(state.people, iterations)
    people = np.zeros(counts.shape[:2], dtype=PEOPLE)
    people["active"], people["ramping"], people["surplus_months"] = counts[..., 0], counts[..., 1], counts[..., 5]
    people["reskilling"] = counts[..., 2:5]
    counts = _by_iteration(state.stages, iterations)
    stages = np.zeros(counts.shape[:2], dtype=STAGES)
    for field, name in enumerate(("none", "learning", "proficient")):
        stages[name] = counts[..., field]
    return Records(people, stages)


def play(request: SimulationRequest, *, first: int = 0, model: Model | None = None) -> Rows:
    """All months of iterations `first`.. of the request."""
    model, engine = model or build(request), engine_of(request)
    count, months = request.n_iterations, request.steps + 1
    state = engine.start(model, count)
    roles = np.empty((months, len(request.roles) * len(ROLE_METRICS), count), dtype=np.int64)
    company = np.empty((months, len(COMPANY_METRICS), count), dtype=np.int64)
    engine.advance(model, state, new_stream(request.seed_or_derived()), first, 0, roles, company)
    return Rows(
        model, records_of(state, count), roles.reshape(months, len(request.roles), len(ROLE_METRICS), count), company
    )


def z_score(values: Any, expected: float) -> float:
    """How many standard errors the mean of `values` is from `expected`."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float((values.mean() - expected) / error)


@dataclass(frozen=True)
class Watched:
    """Rows and the states behind them: `people` [month, iteration, role], `stages` [month, iteration, workload]."""

    rows: Rows
    people: Any
    stages: Any

    @property
    def present(self) -> Any:
        return self.people["active"] + self.people["ramping"]

    @property
    def heads(self) -> Any:
        return self.present + self.people["reskilling"].sum(axis=-1)

    @property
    def capacity(self) -> Any:
        return self.people["active"] + self.rows.model.rules["ramp_productivity"][0] * self.people["ramping"]

    def shares(self, role: int) -> Any:
        """a_rw of 4.5, [Auto workload, month, iteration], worked out here from N, L and P."""
        model = self.rows.model
        works = range(model.roles["first"][role], model.roles["last"][role])
        saving, present = model.rules["saving_while_learning"][0], np.maximum(1, self.present[:, :, role])
        return np.array(
            [
                model.works["cut"][work] * (saving * self.stages["learning"][:, :, work]
                                            + self.stages["proficient"][:, :, work]) / present
                for work in works
            ]
        ).reshape(len(works), *present.shape)  # fmt: skip

    def time(self, role: int) -> Any:
        """x_r of 4.5, [month, iteration]."""
        model = self.rows.model
        weights = model.works["time"][model.roles["first"][role] : model.roles["last"][role]]
        return np.maximum(model.rules["min_time_share"][0], 1 - np.tensordot(weights, self.shares(role), 1))


def watch(request: SimulationRequest) -> Watched:
    """As `play`, a month at a time."""
    model, engine = build(request), engine_of(request)
    count, stream = request.n_iterations, new_stream(request.seed_or_derived())
    state = engine.start(model, count)
    roles = np.empty((request.steps + 1, len(request.roles) * len(ROLE_METRICS), count), dtype=np.int64)
    company = np.empty((request.steps + 1, len(COMPANY_METRICS), count), dtype=np.int64)
    people, stages = [], []
    for step in range(request.steps + 1):
        now = slice(step, step + 1)
        engine.advance(model, state, stream, 0, step, roles[now], company[now])
        records = records_of(state, count)
        people.append(records.people.copy())
        stages.append(records.stages.copy())
    by_role = roles.reshape(len(roles), len(request.roles), len(ROLE_METRICS), count)
    return Watched(Rows(model, records_of(state, count), by_role, company), np.array(people), np.array(stages))
