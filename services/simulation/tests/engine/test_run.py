"""Section 6 on whole runs: attribution, payback, structural saving; and how a run is followed and stopped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.metrics import COMPANY_METRICS, STATS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import Result, run

from ..factories import BUSY, STILL, engineer, guard, marketing, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine


def busy(**more: Any) -> SimulationRequest:
    return request(engineer(120), marketing(80), guard(60), **{**BUSY, **more})


def company(result: Result, metric: str, stat: str = "mean") -> Any:
    return result.company[result.company_metrics.index(metric), STATS.index(stat)]


class TestMoney:
    def test_attributed_is_run_less_counterfactual(self) -> None:
        asked = busy(n_iterations=1)
        result, nothing = run(asked), run(busy(n_iterations=1, automation_factor=0))
        for metric in ("payroll", "cum_net", "realised_fte"):
            difference = company(result, metric) - company(nothing, metric)
            assert np.allclose(company(result, f"attributed_{metric}"), difference, atol=1e-6)

    def test_without_counterfactual_there_is_nothing_attributed(self) -> None:
        result = run(busy(counterfactual=False))
        assert result.company_metrics == COMPANY_METRICS
        bridge: Any = result.summary["at_end"]
        assert bridge["attributed"] is False

    def test_payback_is_the_month_after_the_last_in_the_red(self) -> None:
        capex = {"costs": {"capex": [{"month": 1, "amount": 2_000_000}]}, "counterfactual": False}
        result = run(request(n_iterations=1, steps=120, **capex))
        net = company(result, "cum_net")
        payback: Any = result.summary["payback_month"]
        assert net[0] == 0
        assert net[1] < 0
        months = np.flatnonzero(net < 0)
        expected = None if months[-1] == 120 else months[-1] + 1
        assert payback == {"p5": expected, "p50": expected, "p95": expected}
        assert result.summary["share_never_paying_back"] == (1.0 if expected is None else 0.0)

    def test_never_paying_back_comes_last(self) -> None:
        capex = {"costs": {"capex": [{"month": 1, "amount": 1e11}]}, "counterfactual": False}
        result = run(request(**capex))
        assert result.summary["payback_month"] == {"p5": None, "p50": None, "p95": None}
        assert result.summary["share_never_paying_back"] == 1.0

    def test_a_year_of_structural_saving_is_the_last_twelve_months(self) -> None:
        result = run(request(n_iterations=1, counterfactual=False))
        saving: Any = result.summary["structural_saving_per_year"]
        assert saving["mean"] == pytest.approx(company(result, "run_rate_saving")[-12:].sum(), abs=0.02)

    def test_discounting_is_off_by_default_and_lowers_later_money(self) -> None:
        plain, discounted = (
            run(request(n_iterations=1, counterfactual=False, costs={"discount_rate": rate}, **STILL))
            for rate in (0, 0.1)
        )
        whole: Any = plain.summary["discounted_net"]
        less: Any = discounted.summary["discounted_net"]
        assert whole["mean"] == pytest.approx(company(plain, "cum_net")[-1], abs=0.02)
        assert abs(less["mean"]) < abs(whole["mean"])


class TestProgress:
    def test_progress_ends_at_one_and_may_stop_the_run(self) -> None:
        heard: list[float] = []
        run(busy(), months_at_once=10, on_progress=heard.append)
        assert heard == [10 / 37, 20 / 37, 30 / 37, 1.0]

        class Stop(Exception):
            pass

        def stop(_done: float) -> None:
            raise Stop

        with pytest.raises(Stop):
            run(busy(), on_progress=stop)
