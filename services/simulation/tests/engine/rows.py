"""Plays a request and keeps every iteration's rows, which a run itself only summarises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from etter_simulation.engine.build import build
from etter_simulation.engine.engines import engine_of
from etter_simulation.engine.metrics import COMPANY_METRICS, FRACTIONS, ROLE_METRICS
from etter_simulation.engine.outputs import FRACTION, NULL
from etter_simulation.engine.philox import new_stream
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.tables import Model


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


def play(request: SimulationRequest, *, first: int = 0, model: Model | None = None) -> Rows:
    """All months of iterations `first`.. of the request."""
    model, engine = model or build(request), engine_of(request)
    count, months = request.n_iterations, request.steps + 1
    state = engine.start(model, count)
    roles = np.empty((months, len(request.roles) * len(ROLE_METRICS), count), dtype=np.int64)
    company = np.empty((months, len(COMPANY_METRICS), count), dtype=np.int64)
    engine.advance(model, state, new_stream(request.seed_or_derived()), first, 0, roles, company)
    return Rows(model, state, roles.reshape(months, len(request.roles), len(ROLE_METRICS), count), company)


def z_score(values: Any, expected: float) -> float:
    """How many standard errors the mean of `values` is from `expected`."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float((values.mean() - expected) / error)
