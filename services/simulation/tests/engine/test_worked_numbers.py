"""Section 13, worked numbers, exact and stochastic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.build import build
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS, STATS
from etter_simulation.engine.outputs import FRACTION, record_company, record_role
from etter_simulation.engine.run import Result, run
from etter_simulation.engine.staffing import required_heads
from etter_simulation.engine.tables import MONTH, start

from ..factories import STILL, engineer, marketing, request
from .rows import play

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine


def company(result: Result, metric: str, stat: str = "mean") -> Any:
    return result.company[result.company_metrics.index(metric), STATS.index(stat)]


TABLE = {
    # month: metric -> mean, p5, p95 of 4,000 iterations (MODEL.md, section 13), half a unit of the last digit printed
    12: {
        "automation": (0.0053, 0.0030, 0.0079, 5e-5), "avg_time_per_employee": (1.024, 1.013, 1.036, 5e-4),
        "employees": (0.995, 0.990, 1.000, 5e-4), "released_fte": (2.66, 1.46, 4.10, 5e-3),
    },
    36: {
        "automation": (0.0228, 0.0163, 0.0301, 5e-5), "avg_time_per_employee": (1.005, 0.991, 1.021, 5e-4),
        "employees": (0.995, 0.988, 1.000, 5e-4), "released_fte": (11.4, 7.9, 15.4, 5e-2),
    },
    60: {
        "automation": (0.0491, 0.0374, 0.0611, 5e-5), "avg_time_per_employee": (0.972, 0.952, 0.991, 5e-4),
        "employees": (0.995, 0.988, 1.000, 5e-4), "released_fte": (24.3, 18.2, 31.0, 5e-2),
    },
    120: {
        "automation": (0.1417, 0.1231, 0.1599, 5e-5), "avg_time_per_employee": (0.938, 0.927, 0.951, 5e-4),
        "employees": (0.896, 0.863, 0.928, 5e-4), "released_fte": (71.0, 60.1, 81.9, 5e-2),
    },
}  # fmt: skip


class TestStochastic:
    def test_the_table_within_sampling_error(self) -> None:
        """Two samples of 4,000: means within 4 standard errors of a difference, 5 % quantiles within as many of theirs.

        A 5 % quantile's standard error is about 2.1 times the mean's (normal density); heads move by one.
        """
        result = run(request(n_iterations=4000, steps=120, counterfactual=False), threads=2)
        for month, row in TABLE.items():
            self.assert_row(result, month, row)

    def assert_row(self, result: Result, month: int, row: dict[str, tuple[float, float, float, float]]) -> None:
        for metric, (mean, low, high, printed) in row.items():
            error = company(result, metric, "se")[month] * 2**0.5
            step = 1 / 400 if metric == "employees" else 0.0
            assert abs(company(result, metric)[month] - mean) < 4 * error + printed, metric
            assert abs(company(result, metric, "p5")[month] - low) < 8.4 * error + printed + step, metric
            assert abs(company(result, metric, "p95")[month] - high) < 8.4 * error + printed + step, metric


class TestExact:
    """All Auto work fully automated, no ramping, 50 and 100 people at the start, threshold 1."""

    @pytest.mark.parametrize(
        ("role", "heads", "x", "required", "time", "unused"),
        [(0, 24, 0.30, 22, 0.62500, 1.25000), (0, 22, 0.30, 22, 0.68182, 1.06061),
         (1, 84, 0.45, 82, 0.53571, 1.03175), (1, 90, 0.45, 82, 0.50000, 1.11111)],
    )  # fmt: skip
    def test_roles(self, role: int, heads: int, x: float, required: int, time: float, unused: float) -> None:
        n0 = (50, 100)[role]
        found = _saturated((heads, 1) if role == 0 else (1, heads))[1 + role]
        assert found["released_fte"] == pytest.approx(n0 * (1 - x))
        assert required_heads(float(n0), x, 1.0) == required
        assert found["avg_time_per_employee"] == pytest.approx(time, abs=6e-6)
        assert found["avg_unused_output_capacity"] == pytest.approx(unused, abs=6e-6)
        assert found["avg_automation_rate"] == pytest.approx(0.5)

    @pytest.mark.parametrize(
        ("heads", "unused", "time", "salary"),
        [((24, 84), 1.08025, 0.55556, 0.70909), ((22, 90), 1.10119, 0.53571, 0.73273)],
    )
    def test_the_company(self, heads: tuple[int, int], unused: float, time: float, salary: float) -> None:
        found = _saturated(heads)[0]
        assert found["avg_unused_output_capacity"] == pytest.approx(unused, abs=6e-6)
        assert found["avg_time_per_employee"] == pytest.approx(time, abs=6e-6)
        assert found["total_salary_of_employees"] == pytest.approx(salary, abs=6e-6)
        assert found["automation"] == pytest.approx(0.5)

    @pytest.mark.parametrize(("role", "n0", "x", "required"), [(0, 50, 0.65, 33), (1, 100, 0.725, 73)])
    def test_ceiling_mode_at_one_half(self, role: int, n0: int, x: float, required: int) -> None:
        fast = {"adoption": {"p": 10, "q": 10}, "learning": {"months": 1}}
        rows = play(request(engineer(50), marketing(100), steps=240, n_iterations=3, **fast, **STILL))
        assert rows.role("avg_time_per_employee", role)[-1] == pytest.approx(x)
        assert required_heads(float(n0), x, 0.0) == required

    @pytest.mark.parametrize(
        ("demand", "time", "threshold", "heads"),
        [(100, 1.0, 0.0, 100), (100, 1.0, 1.0, 100), (100, 0.95, 0.1, 100), (0, 0.5, 0.1, 0), (10.2, 1.0, 0.5, 11)],
    )
    def test_small_savings_free_no_post(self, demand: float, time: float, threshold: float, heads: int) -> None:
        assert required_heads(float(demand), time, threshold) == heads

    def test_the_compat_preset_ends_where_the_published_example_does(self) -> None:
        asked = request(engineer(50), marketing(100), preset="compat", automation_factor=1, steps=120, n_iterations=200)
        result = run(asked)
        assert company(result, "automation")[120] == pytest.approx(0.5, abs=0.01)
        for role, low, high in ((0, 22, 26), (1, 82, 87)):
            assert low <= result.roles[role, ROLE_METRICS.index("count"), STATS.index("mean"), 120] <= high


def _saturated(heads: tuple[int, int]) -> list[dict[str, float]]:
    """The figures of company and roles for given heads, everything adopted: the recorder alone, no chance."""
    model = build(request(engineer(50), marketing(100), automation_factor=1, n_iterations=1))
    state = start(model, 1)
    people, stages, events = state.people[0], state.stages[0], np.zeros(2, dtype=MONTH)
    rows = np.zeros((2, len(ROLE_METRICS)), dtype=np.int64)
    for at, count in enumerate(heads):
        people[at]["active"] = count
        for work in range(model.roles[at]["first"], model.roles[at]["last"]):
            stages[work] = (0, 0, count)
        record_role(model, people[at], stages, events[at], at, model.demand[0, at], rows[at])
    out = np.zeros(len(COMPANY_METRICS), dtype=np.int64)
    record_company(model, people, rows, out)
    names = (COMPANY_METRICS, ROLE_METRICS, ROLE_METRICS)
    return [dict(zip(of, (row / FRACTION).tolist(), strict=True)) for of, row in zip(names, (out, *rows), strict=True)]
