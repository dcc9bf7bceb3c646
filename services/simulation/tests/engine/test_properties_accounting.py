"""Section 12, state and accounting: S1 to S7 hold in every iteration and step of whatever is asked of either engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.outputs import LARGEST_RATIO
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.staffing import required_heads

from ..factories import BUSY, clerk, engineer, guard, marketing, request
from .rows import Rows, Watched, watch
from .strategies import requests

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
FIXED = 2.0**-31
"""Two units of the fixed-point figures."""

any_request = given(requests())
examples = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module", params=["cohort", "agent"])
def busy(request: pytest.FixtureRequest) -> Watched:
    return watch(busy_request(engine=request.param))


def busy_request(**more: Any) -> SimulationRequest:
    return request(engineer(120), marketing(80), guard(60), clerk(0), demand={"growth": 0.1}, **{**BUSY, **more})


def kept(rows: Rows, metric: str) -> Any:
    """[month, role, iteration] as whole numbers."""
    return rows.roles[:, :, ROLE_METRICS.index(metric)]


class TestCovered:
    def test_the_fixed_example_has_every_kind_of_event(self, busy: Watched) -> None:
        for metric in ("quits", "hires", "laid_off", "moved_in", "moved_out", "vacancies"):
            assert kept(busy.rows, metric).sum() > 0, metric
        for stage in ("none", "learning", "proficient"):
            assert (busy.stages[stage][1:] > 0).any()


class TestState:
    @examples
    @any_request
    def test_s1_stages_sum_to_the_present(self, asked: SimulationRequest) -> None:
        assert_s1(watch(asked))

    def test_s1_in_a_busy_company(self, busy: Watched) -> None:
        assert_s1(busy)

    @examples
    @any_request
    def test_s2_people_are_neither_made_nor_lost(self, asked: SimulationRequest) -> None:
        assert_s2(watch(asked).rows)

    def test_s2_in_a_busy_company(self, busy: Watched) -> None:
        assert_s2(busy.rows)

    @examples
    @any_request
    def test_s3_heads_stay_below_the_largest_demand_and_nothing_is_negative(self, asked: SimulationRequest) -> None:
        assert_s3(watch(asked))

    def test_s3_in_a_busy_company(self, busy: Watched) -> None:
        assert_s3(busy)

    @examples
    @any_request
    def test_s4_shares_stay_in_their_bounds(self, asked: SimulationRequest) -> None:
        assert_s4(watch(asked))

    @examples
    @given(st.integers(0, 10**6), st.floats(0.001, 1), st.floats(0, 1))
    def test_s4_nobody_is_needed_beyond_demand(self, demand: int, time: float, threshold: float) -> None:
        assert 0 <= required_heads(float(demand), time, threshold) <= demand


def assert_s1(seen: Watched) -> None:
    for at, role in enumerate(seen.rows.model.roles):
        for work in range(role["first"], role["last"]):
            row = seen.stages[:, :, work]
            assert (row["none"] + row["learning"] + row["proficient"] == seen.present[:, :, at]).all()


def assert_s2(rows: Rows) -> None:
    so_far = {metric: kept(rows, metric).cumsum(axis=0) for metric in ROLE_METRICS}
    heads = kept(rows, "count")
    came = rows.model.roles["count"][None, :, None] + so_far["hires"] + so_far["moved_in"]
    assert (came == heads + so_far["quits"] + so_far["laid_off"] + so_far["moved_out"]).all()
    assert (so_far["moved_in"].sum(axis=1) == so_far["moved_out"].sum(axis=1)).all()


def assert_s3(seen: Watched) -> None:
    model = seen.rows.model
    largest = np.maximum.accumulate(np.ceil(model.demand - 1e-9), axis=0)
    assert (kept(seen.rows, "count") <= np.maximum(largest, model.roles["count"])[:, :, None]).all()
    for table in (seen.people, seen.stages):
        for field in table.dtype.names:
            assert (table[field] >= 0).all(), field
    for metric in ("count", "vacancies", "quits", "hires", "laid_off", "moved_in", "moved_out"):
        assert (kept(seen.rows, metric) >= 0).all(), metric


def assert_s4(seen: Watched) -> None:
    model = seen.rows.model
    for at, role in enumerate(model.roles):
        cut = model.works["cut"][role["first"] : role["last"]]
        shares, time = seen.shares(at), seen.time(at)
        assert (shares >= 0).all()
        assert (shares <= cut[:, None, None] + 1e-12).all()
        assert (time >= model.rules["min_time_share"][0]).all()
        assert (time <= 1).all()
        rate = seen.rows.role("avg_automation_rate", at)
        assert np.allclose(rate, shares.sum(axis=0) / role["workloads"], atol=FIXED)
    automation = seen.rows.total("automation")
    assert np.nanmin(automation, initial=0) >= 0
    assert np.nanmax(automation, initial=0) <= 1


class TestFigures:
    @examples
    @any_request
    def test_s5_time_and_unused_capacity_say_the_same(self, asked: SimulationRequest) -> None:
        seen = watch(asked)
        for role in range(len(asked.roles)):
            assert_s5(seen, role)

    def test_s5_in_a_busy_company(self, busy: Watched) -> None:
        for role in range(4):
            assert_s5(busy, role)

    def test_s5_a_ratio_beyond_the_fixed_point_range_is_its_end(self) -> None:
        """Everybody is new and new people do next to nothing."""
        settings = {"attrition": {"monthly_quit": 1.0}, "ramp": {"productivity": 1e-12}, "backfill": {"fill_months": 1}}
        seen = watch(request(clerk(1000), steps=2, **settings))
        assert (seen.rows.role("avg_time_per_employee")[1:] == LARGEST_RATIO).all()
        assert (seen.rows.total("avg_time_per_employee")[1:] == LARGEST_RATIO).all()
        assert_s5(seen, 0)

    @examples
    @any_request
    def test_s6_money_adds_up(self, asked: SimulationRequest) -> None:
        assert_s6(watch(asked))

    def test_s6_in_a_busy_company(self, busy: Watched) -> None:
        assert_s6(busy)

    @examples
    @any_request
    def test_s7_released_is_realised_and_unrealised(self, asked: SimulationRequest) -> None:
        seen = watch(asked)
        released, realised, unrealised = (
            kept(seen.rows, f"{name}_fte") for name in ("released", "realised", "unrealised")
        )
        assert (released == realised + unrealised).all()
        for role in range(len(asked.roles)):
            demand = seen.rows.model.demand[:, role][:, None]
            assert np.allclose(seen.rows.role("released_fte", role), demand * (1 - seen.time(role)), atol=FIXED)
            gap = np.maximum(0, demand - seen.heads[:, :, role])
            assert np.allclose(seen.rows.role("realised_fte", role), gap, atol=FIXED)


def assert_s5(seen: Watched, role: int) -> None:
    time, unused = (seen.rows.role(name, role) for name in ("avg_time_per_employee", "avg_unused_output_capacity"))
    capacity, present, x = seen.capacity[:, :, role], seen.present[:, :, role], seen.time(role)
    demand = np.broadcast_to(seen.rows.model.demand[:, role][:, None], x.shape)
    assert (np.isnan(time) == (capacity == 0)).all()
    assert (np.isnan(unused) == (present == 0)).all()
    needed, most = demand * x, LARGEST_RATIO
    assert (time[capacity > 0] <= most).all()
    there = (capacity > 0) & (needed <= most * capacity)
    assert (time[(capacity > 0) & ~there] == most).all()
    slack = FIXED * (1 + capacity + present / x)
    assert (np.abs(time * capacity - needed) <= slack)[there].all()
    assert (np.abs(unused * present - (capacity / x - demand)) <= slack)[there].all()
    gap = np.abs(capacity / x - demand) / np.maximum(1, present)
    assert (gap[there & (np.abs(unused) <= FIXED)] <= 3 * FIXED).all()
    assert (np.abs(time - 1)[there & (demand > 0) & (unused == 0)] <= slack[there & (demand > 0) & (unused == 0)]).all()


def assert_s6(seen: Watched) -> None:
    rows = seen.rows
    pay = (kept(rows, "count") * rows.model.roles["salary"][None, :, None]).sum(axis=1)
    if pay[0, 0] > 0:
        assert np.allclose(rows.total("total_salary_of_employees"), pay / pay[0], atol=1e-8)
    yearly = (1 + rows.model.rules["on_cost"][0]) / 12
    assert (np.abs(rows.company[:, COMPANY_METRICS.index("payroll")] - pay * yearly) <= 0.5 + 1e-6).all()
    net, rate, one_off = (rows.company[:, COMPANY_METRICS.index(m)] for m in ("cum_net", "run_rate_saving", "one_off"))
    assert (np.diff(net, axis=0) == (rate - one_off)[1:]).all()
    assert (net[0] == 0).all()
