"""Sections 5 and 6: all lanes at once are recorded as `outputs` records one iteration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.outputs import record_company, record_money, record_role
from etter_simulation.engine.tables import MONTH

from ..factories import BUSY, clerk, engineer, guard, marketing, request
from .rows import Watched, watch

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
FLOWS = ROLE_METRICS[8:]
FROM_COUNTS = [*range(15), *(COMPANY_METRICS.index(metric) for metric in ("payroll", "baseline", "licences"))]
"""Company metrics that need no more than counts and flows; what was spent once is in S6."""


@pytest.fixture(scope="module")
def watched() -> Watched:
    asked = request(engineer(40), marketing(3), guard(20), clerk(0), n_iterations=5, steps=24, **BUSY)
    return watch(asked)


def recorded(watched: Watched, month: int, iteration: int) -> tuple[Any, Any]:
    """The same month of one iteration by `outputs`."""
    model, count = watched.rows.model, len(watched.rows.model.roles)
    people, stages = watched.people[month, iteration], watched.stages[month, iteration]
    roles, events = np.zeros((count, len(ROLE_METRICS)), dtype=np.int64), np.zeros(count, dtype=MONTH)
    for r in range(count):
        for at, flow in enumerate(FLOWS):
            events[r][flow] = watched.rows.roles[month, r, 8 + at, iteration]
        record_role(model, people[r], stages, events[r], r, model.demand[month, r], roles[r])
    company = np.zeros(len(COMPANY_METRICS), dtype=np.int64)
    record_company(model, people, roles, company)
    record_money(model, people, stages, events, month, np.zeros(2, dtype=np.int64), company)
    return roles, company


class TestRecordRole:
    @pytest.mark.parametrize("month", [0, 1, 7, 24])
    def test_is_what_outputs_records_to_the_bit(self, watched: Watched, month: int) -> None:
        for iteration in range(5):
            roles, _ = recorded(watched, month, iteration)
            assert (roles == watched.rows.roles[month, :, :, iteration]).all()


class TestRecordCompany:
    @pytest.mark.parametrize("month", [0, 1, 7, 24])
    def test_is_what_outputs_records_to_the_bit(self, watched: Watched, month: int) -> None:
        for iteration in range(5):
            _, company = recorded(watched, month, iteration)
            assert (company[FROM_COUNTS] == watched.rows.company[month, FROM_COUNTS, iteration]).all()
