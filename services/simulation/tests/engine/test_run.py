"""Sections 6, 7, 9, 12 and 13 on whole runs: the same bytes however the work is split, money, worked numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.build import build
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS, STATS
from etter_simulation.engine.outputs import record_company, record_role
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import Result, run
from etter_simulation.engine.tables import MONTH, start

from ..factories import BUSY, STILL, engineer, guard, marketing, request
from .rows import play

pytestmark = pytest.mark.timeout(300)  # the first test may have to compile the engine


def busy(**more: Any) -> SimulationRequest:
    return request(engineer(120), marketing(80), guard(60), **{**BUSY, **more})


def company(result: Result, metric: str, stat: str = "mean") -> Any:
    return result.company[result.company_metrics.index(metric), STATS.index(stat)]


def assert_same_bytes(one: Result, other: Result) -> None:
    assert one.company.tobytes() == other.company.tobytes()
    assert one.roles.tobytes() == other.roles.tobytes()
    assert one.summary == other.summary


class TestSplitting:
    """I5: how the work is split leaves no trace."""

    @pytest.mark.parametrize(
        "split",
        [
            {"chunk": 1}, {"chunk": 7}, {"chunk": 19, "threads": 2}, {"threads": 4}, {"months_at_once": 1},
            {"months_at_once": 5, "chunk": 3, "threads": 3},
        ],
    )  # fmt: skip
    def test_the_result_is_the_same_to_the_byte(self, split: dict[str, int]) -> None:
        assert_same_bytes(run(busy()), run(busy(), **split))  # type: ignore[arg-type]  # keywords by name

    def test_another_seed_gives_another_result(self) -> None:
        assert run(busy()).company.tobytes() != run(busy(seed=8)).company.tobytes()

    def test_without_a_seed_it_is_derived_from_the_request(self) -> None:
        assert_same_bytes(run(busy(seed=None)), run(busy(seed=None)))

    def test_i6_more_iterations_leave_the_earlier_ones_as_they_are(self) -> None:
        few, many = play(busy(n_iterations=5)), play(busy(n_iterations=12))
        assert (few.roles == many.roles[..., :5]).all()
        late = play(busy(n_iterations=7), first=5)
        assert (late.company == many.company[..., 5:]).all()

    def test_i7_a_role_at_the_end_leaves_the_others_as_they_are(self) -> None:
        alone, more = play(request(engineer(), marketing())), play(request(engineer(), marketing(), guard()))
        assert (alone.roles == more.roles[:, :2]).all()

    def test_i1_roles_carry_their_random_numbers_along(self) -> None:
        swapped = request(marketing(), engineer())
        model = build(swapped)
        model.roles["index"] = [1, 0]
        assert (play(swapped, model=model).roles == play(request()).roles[:, ::-1]).all()

    def test_i4_salaries_scale_money_and_leave_people(self) -> None:
        free = {"hire": 0, "licence_per_seat_month": 0, "reskill": 0, "on_cost": 0.5}
        low = play(request(engineer(salary=24_000), costs=free))
        high = play(request(engineer(salary=72_000), costs=free))
        assert (low.roles == high.roles).all()
        for metric in ("payroll", "baseline", "run_rate_saving"):
            at = COMPANY_METRICS.index(metric)
            assert (low.company[:, at] * 3 == high.company[:, at]).all()


class TestMoney:
    def test_n5_nothing_is_attributed_without_automation(self) -> None:
        result = run(busy(automation_factor=0))
        for at, metric in enumerate(result.company_metrics):
            if metric.startswith("attributed_"):
                assert (result.company[at] == 0).all(), metric

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


class TestEdges:
    """N6: no error, nothing but numbers and null."""

    @pytest.mark.parametrize(
        "asked",
        [
            request(engineer(0)), request(engineer(0), marketing(0), steps=0), request(guard(), n_iterations=1),
            request(n_iterations=1, steps=0), request(engineer(1), steps=1, **BUSY),
        ],
    )  # fmt: skip
    def test_small_companies_run(self, asked: SimulationRequest) -> None:
        result = run(asked)
        assert result.company.shape == (len(result.company_metrics), len(STATS), asked.steps + 1)
        assert not np.isinf(result.company).any()
        assert not np.isnan(result.roles[:, ROLE_METRICS.index("count")]).any()

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


class TestWorkedNumbers:
    def test_stochastic_table_within_sampling_error(self) -> None:
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

    def test_exact_company_figures(self) -> None:
        """24 Engineers and 84 of Marketing, and 22 and 90, all Auto work automated."""
        for heads, unused, time, salary in (
            ((24, 84), 1.08025, 0.55556, 0.70909),
            ((22, 90), 1.10119, 0.53571, 0.73273),
        ):
            found = _saturated(heads)
            assert found["avg_unused_output_capacity"] == pytest.approx(unused, abs=6e-6)
            assert found["avg_time_per_employee"] == pytest.approx(time, abs=6e-6)
            assert found["total_salary_of_employees"] == pytest.approx(salary, abs=6e-6)
            assert found["automation"] == pytest.approx(0.5)


def _saturated(heads: tuple[int, int]) -> dict[str, float]:
    """The company's figures for given heads, everything adopted: the recorder alone, no chance."""
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
    return dict(zip(COMPANY_METRICS, (out / 2**32).tolist(), strict=True))
