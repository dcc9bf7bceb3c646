"""Parts of figures against runs: they add up."""

from __future__ import annotations

import math
from typing import Any

import pytest

from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.run import run
from etter_simulation.explanations.parts import attributed_bridge, by_role, closed, gross_bridge, role_bridge

from ..factories import BUSY, engineer, guard, marketing, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
ASKED = request(engineer(120), marketing(80), guard(60), **BUSY)


@pytest.fixture(scope="module")
def means() -> Any:
    """(company, roles) of a run in which everything happens."""
    result = run(ASKED)
    company = dict(zip(result.company_metrics, result.company[:, 0], strict=True))
    return company, [dict(zip(ROLE_METRICS, role[:, 0], strict=True)) for role in result.roles]


def total(steps: Any) -> float:
    return math.fsum(step.value for step in steps)


class TestByRole:
    @pytest.mark.parametrize("metric", COMPANY_METRICS)
    def test_roles_add_up_to_the_company_or_are_not_said_to(self, means: Any, metric: str) -> None:
        company, roles = means
        found = by_role(ASKED, metric, 30, roles)
        averaged = {"automation", "avg_time_per_employee", "avg_unused_output_capacity"}
        costs = {"licences", "one_off", "run_rate_saving", "cum_one_off", "cum_net"}
        if metric in averaged | costs:
            assert found is None
        else:
            assert found is not None
            assert total(found) == pytest.approx(company[metric][30], rel=1e-7, abs=0.02)


class TestClosed:
    def test_the_rest_closes_the_sum(self, means: Any) -> None:
        company, roles = means
        parts = by_role(ASKED, "released_fte", 30, roles)
        assert parts is not None
        whole = float(company["released_fte"][30])
        assert total(closed(parts, whole)) == pytest.approx(whole, rel=1e-15)
        assert abs(closed(parts, whole)[-1].value) < 1e-6


class TestBridges:
    @pytest.mark.parametrize("month", [0, 1, 20, 36])
    def test_from_freed_time_to_the_gross_net(self, means: Any, month: int) -> None:
        company, roles = means
        steps = gross_bridge(ASKED, month, company, roles)
        assert [step.name for step in steps] == [
            "released", "not_realised", "beyond_demand", "licences", "one_off", "rest",
        ]  # fmt: skip
        assert total(steps) == pytest.approx(company["cum_net"][month], rel=1e-12, abs=1e-6)
        assert abs(steps[-1].value) < 0.05 * max(1, month)  # cents of rounding by month
        if month > 1:
            assert steps[0].value > 0 > steps[3].value

    def test_from_freed_time_to_what_automation_saves(self, means: Any) -> None:
        company, roles = means
        steps = attributed_bridge(ASKED, 36, company, roles)
        assert total(steps) == pytest.approx(company["attributed_cum_net"][36], rel=1e-12)
        assert abs(steps[-1].value) < 2

    def test_of_a_role_it_ends_in_the_pay_that_is_saved(self, means: Any) -> None:
        _, roles = means
        steps = role_bridge(ASKED, 2, 36, roles[2])
        heads = roles[2]["count"][1:37].sum()
        assert steps[0].value == 0  # nothing of a guard is automated
        assert total(steps) == pytest.approx((36 * 60 - heads) * 40_000 / 12 * 1.42)
