"""A request played for its rows themselves, not for their statistics: what plans and analyses compute with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from etter_simulation.engine.build import build, without_automation
from etter_simulation.engine.cohort import advance, start
from etter_simulation.engine.finish import scales
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.money import attribute
from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.philox import new_stream
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.statistics import Floats, Ints

ROWS_BYTES: Final = 64 * 1024 * 1024
"""Of role rows that are held at once."""


@dataclass(frozen=True)
class Rows:
    """All months of some iterations: `company` [month, metric, iteration], `roles` [month, role, metric, iteration].

    Figures are kept as `outputs` keeps them. `attributed` is empty unless asked for, `roles` has no role unless asked
    for.
    """

    company: Ints
    attributed: Ints
    roles: Ints

    def of_company(self, metric: str) -> Floats:
        """[month, iteration] in the units of section 5; NaN for null."""
        if metric.startswith("attributed_"):
            return _in_units(self.attributed[:, ATTRIBUTED_METRICS.index(metric)], metric)
        return _in_units(self.company[:, COMPANY_METRICS.index(metric)], metric)

    def of_role(self, role: int, metric: str) -> Floats:
        return _in_units(self.roles[:, role, ROLE_METRICS.index(metric)], metric)

    def of_roles(self, metric: str) -> Floats:
        """[month, role, iteration]."""
        return _in_units(self.roles[:, :, ROLE_METRICS.index(metric)], metric)


def _in_units(kept: Ints, metric: str) -> Floats:
    found: Floats = np.where(kept == NULL, np.nan, kept / scales((metric,))[0])
    return found


def play(
    request: SimulationRequest,
    first: int,
    last: int,
    *,
    with_roles: bool = False,
    attributed: bool = False,
) -> Rows:
    """Iterations `first`..`last` (half-open); the caller sees to it that they fit into memory."""
    company, roles = _advance(request, first, last, with_roles=with_roles)
    savings = np.empty((len(company), 0, last - first), dtype=np.int64)
    if attributed:
        savings = attribute(company, _advance(without_automation(request), first, last, with_roles=False)[0])
    return Rows(company, savings, roles)


def spans(request: SimulationRequest, first: int, last: int) -> list[range]:
    """Iterations `first`..`last` in as many at once as fit `ROWS_BYTES` with their roles."""
    one = 8 * (request.steps + 1) * len(request.roles) * len(ROLE_METRICS)
    size = max(1, ROWS_BYTES // one)
    return [range(at, min(at + size, last)) for at in range(first, last, size)]


def _advance(request: SimulationRequest, first: int, last: int, *, with_roles: bool) -> tuple[Ints, Ints]:
    model, months, count = build(request), request.steps + 1, last - first
    width = len(request.roles) * len(ROLE_METRICS) if with_roles else 0
    company = np.empty((months, len(COMPANY_METRICS), count), dtype=np.int64)
    roles = np.empty((months, width, count), dtype=np.int64)
    advance(model, start(model, count), new_stream(request.seed_or_derived()), first, 0, roles, company)
    return company, roles.reshape(months, -1, len(ROLE_METRICS), count)
