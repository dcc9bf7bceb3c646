"""Section 12: state and accounting, neutral cases, closed forms, monotony."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.build import build
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.staffing import required_heads

from ..factories import BUSY, STILL, clerk, engineer, guard, marketing, request, workload
from .rows import Rows, play, z_score

MANY = 2000
pytestmark = pytest.mark.timeout(300)  # the first test may have to compile the engine


@pytest.fixture(scope="module")
def busy() -> Rows:
    return play(request(engineer(120), marketing(80), guard(60), clerk(0), demand={"growth": 0.1}, **BUSY))


class TestAccounting:
    def test_s1_stages_sum_to_the_present(self, busy: Rows) -> None:
        people, stages = busy.state.people, busy.state.stages
        for at, role in enumerate(busy.model.roles):
            present = people["active"][:, at] + people["ramping"][:, at]
            for work in range(role["first"], role["last"]):
                row = stages[:, work]
                assert (row["none"] + row["learning"] + row["proficient"] == present).all()

    def test_s2_people_are_neither_made_nor_lost(self, busy: Rows) -> None:
        def so_far(metric: str) -> Any:
            return busy.roles[:, :, ROLE_METRICS.index(metric)].cumsum(axis=0)

        heads = busy.roles[:, :, ROLE_METRICS.index("count")]
        came = heads[0] + so_far("hires") + so_far("moved_in")
        assert (came == heads + so_far("quits") + so_far("laid_off") + so_far("moved_out")).all()
        assert (so_far("moved_in").sum(axis=1) == so_far("moved_out").sum(axis=1)).all()
        assert so_far("moved_in")[-1].sum() > 0
        assert so_far("laid_off")[-1].sum() > 0

    def test_s3_heads_stay_below_the_largest_demand_and_nothing_is_negative(self, busy: Rows) -> None:
        heads = busy.roles[:, :, ROLE_METRICS.index("count")]
        largest = np.maximum.accumulate(np.ceil(busy.model.demand - 1e-9), axis=0)
        assert (heads <= np.maximum(largest, busy.model.roles["count"])[:, :, None]).all()
        assert (heads >= 0).all()
        for field in ("active", "ramping", "reskilling", "surplus_months"):
            assert (busy.state.people[field] >= 0).all()
        for field in ("none", "learning", "proficient"):
            assert (busy.state.stages[field] >= 0).all()

    def test_s4_shares_stay_in_their_bounds(self, busy: Rows) -> None:
        for role in range(3):
            assert busy.role("auto_time_automated", role).min() >= 0
            assert busy.role("auto_time_automated", role).max() <= 0.5 + 1e-9
        automation = busy.total("automation")
        assert automation.min() >= 0
        assert automation.max() <= 1

    def test_s5_time_and_unused_capacity_say_the_same(self) -> None:
        rows = play(request(engineer(), **BUSY))
        time, unused = rows.role("avg_time_per_employee"), rows.role("avg_unused_output_capacity")
        released, heads = rows.role("released_fte"), rows.role("count")
        reskilling = rows.state.people["reskilling"].sum()
        assert reskilling == 0  # one role: nobody moves, so heads are present
        demand = rows.model.demand[:, 0][:, None]
        needed = demand - released  # D x
        capacity = needed / time
        assert np.allclose(unused * heads, capacity * demand / needed - demand, atol=1e-4)

    def test_s6_money_adds_up(self, busy: Rows) -> None:
        heads = busy.roles[:, :, ROLE_METRICS.index("count")]
        pay = (heads * busy.model.roles["salary"][None, :, None]).sum(axis=1)
        assert np.allclose(busy.total("total_salary_of_employees"), pay / pay[0], atol=1e-8)
        net, rate, one_off = (
            busy.company[:, COMPANY_METRICS.index(m)] for m in ("cum_net", "run_rate_saving", "one_off")
        )
        assert (np.diff(net, axis=0) == (rate - one_off)[1:]).all()
        assert (net[0] == 0).all()

    def test_s7_released_is_realised_and_unrealised(self, busy: Rows) -> None:
        kept = [busy.roles[:, :, ROLE_METRICS.index(f"{name}_fte")] for name in ("released", "realised", "unrealised")]
        assert (kept[0] == kept[1] + kept[2]).all()


def assert_nothing_is_automated(rows: Rows, role: int = 0) -> None:
    for metric in ("avg_automation_rate", "auto_time_automated", "released_fte"):
        assert (rows.role(metric, role) == 0).all()


class TestNeutral:
    @pytest.mark.parametrize("mode", ["ceiling", "intensity"])
    def test_n1_nothing_automated_changes_nothing(self, mode: str) -> None:
        rows = play(request(engineer(), automation_factor=0, adoption={"mode": mode}, attrition={"monthly_quit": 0}))
        assert_nothing_is_automated(rows)
        assert (rows.role("count") == 300).all()
        assert (rows.role("avg_unused_output_capacity") == 0).all()
        assert (rows.role("avg_time_per_employee") == 1).all()

    def test_n2_a_role_without_auto_work_is_untouched(self) -> None:
        rows = play(request(engineer(), guard(), automation_factor=1, attrition={"monthly_quit": 0}))
        assert_nothing_is_automated(rows, role=1)
        assert (rows.role("count", 1) == 40).all()

    def test_n3_without_innovators_and_imitators_nobody_adopts(self) -> None:
        assert_nothing_is_automated(play(request(engineer(), adoption={"p": 0, "q": 0})))

    def test_n4_without_staffing_only_adoption_moves(self) -> None:
        rows = play(request(engineer(), **STILL))
        assert (rows.role("count") == 300).all()
        x = 1 - rows.role("released_fte") / 300
        assert np.allclose(rows.role("avg_time_per_employee"), x, atol=1e-9)
        assert np.allclose(rows.role("avg_unused_output_capacity"), 1 / x - 1, atol=1e-8)
        assert x[-1].max() < 1

    def test_n6_an_empty_role_has_no_averages(self) -> None:
        rows = play(request(engineer(0), steps=3))
        assert np.isnan(rows.role("avg_time_per_employee")).all()
        assert np.isnan(rows.total("automation")).all()
        assert (rows.role("count") == 0).all()


def hazard(p: float, speed: float = 1.0) -> float:
    return 1 - math.exp(-speed * p / 12)


class TestClosedForms:
    """|z| < 4 with 2,000 iterations."""

    def test_c1_c2_innovators_only(self) -> None:
        n, t, p = 50, 24, 0.8
        rows = play(request(clerk(n), adoption={"p": p, "q": 0}, n_iterations=MANY, steps=t, **STILL))
        h, learn = hazard(p), 1 / 3
        stages = rows.state.stages[:, 0]
        unadopted = (1 - h) ** t
        learning = h * ((1 - learn) ** t - (1 - h) ** t) / (h - learn)
        assert abs(z_score(stages["none"], n * unadopted)) < 4
        assert abs(z_score(stages["learning"], n * learning)) < 4
        assert abs(z_score(stages["proficient"], n * (1 - unadopted - learning))) < 4
        saved = 0.5 * (0.5 * learning + 1 - unadopted - learning)
        assert abs(z_score(rows.role("released_fte")[-1], n * saved)) < 4
        variance = n * unadopted * (1 - unadopted)
        spread = (stages["none"] - n * unadopted) ** 2
        assert abs(z_score(spread, variance)) < 4

    def test_c3_attrition_and_freeze(self) -> None:
        rows = play(
            request(
                clerk(80), automation_factor=0, attrition={"monthly_quit": 0.03}, backfill={"policy": "none"},
                n_iterations=MANY, steps=20,
            )
        )  # fmt: skip
        stay = 0.97**20
        heads = rows.role("count")[-1]
        assert abs(z_score(heads, 80 * stay)) < 4
        assert abs(z_score((heads - 80 * stay) ** 2, 80 * stay * (1 - stay))) < 4

    def test_c4_backfill(self) -> None:
        quits, fill, expected = 0.04, 0.4, 80.0
        rows = play(
            request(
                clerk(80), automation_factor=0, attrition={"monthly_quit": quits},
                backfill={"policy": "to_required", "fill_months": 1 / fill}, n_iterations=MANY, steps=30,
            )
        )  # fmt: skip
        for step in range(1, 31):
            expected = (1 - fill) * (1 - quits) * expected + fill * 80
            assert abs(z_score(rows.role("count")[step], expected)) < 4

    def test_c5_bass_is_the_limit_of_many(self) -> None:
        p, q, t, n = 0.1, 1.0, 48, 5000
        rows = play(request(clerk(n), adoption={"p": p, "q": q}, n_iterations=200, steps=t, **STILL))
        adopted = 0.0
        for _ in range(t):
            adopted += (1 - adopted) * hazard(p + q * adopted)
        found = 1 - rows.state.stages["none"][:, 0].mean() / n
        assert found == pytest.approx(adopted, rel=0.01)
        assert found < adopted + 4 * (rows.state.stages["none"][:, 0] / n).std() / math.sqrt(200)

    def test_c7_saturation(self) -> None:
        fast = {"adoption": {"p": 10, "q": 10}, "learning": {"months": 1}}
        rows = play(request(engineer(50), marketing(100), consolidation={"threshold": 0}, steps=240, **fast, **STILL))
        assert rows.role("released_fte")[-1] == pytest.approx(50 * 0.35)
        assert rows.role("released_fte", 1)[-1] == pytest.approx(100 * 0.275)
        assert rows.role("auto_time_automated")[-1] == pytest.approx(0.5)
        assert (required_heads(50.0, 0.65, 0.0), required_heads(100.0, 0.725, 0.0)) == (33, 73)

    def test_c8_layoffs_of_a_frozen_surplus(self) -> None:
        settings = {
            "adoption": {"p": 0, "q": 0}, "attrition": {"monthly_quit": 0}, "demand": {"growth": -0.5},
            "layoffs": {"policy": "surplus", "patience_months": 0, "monthly_share": 0.1},
            "backfill": {"policy": "none"},
        }  # fmt: skip
        rows_request = request(clerk(1000), n_iterations=MANY, steps=10, **settings)
        frozen = _with_frozen_demand(rows_request, 600.0)
        surplus = frozen.role("count") - 600
        for step in range(1, 11):
            assert abs(z_score(surplus[step], 400 * 0.9**step)) < 4


def _with_frozen_demand(asked: Any, demand: float) -> Rows:
    model = build(asked)
    model.demand[:] = demand
    return play(asked, model=model)


class TestMonotony:
    def test_m1_released_time_is_linear_in_automation(self) -> None:
        low, high = (play(request(engineer(), automation_factor=a, **STILL)).role("released_fte") for a in (0.3, 0.6))
        assert np.allclose(2 * low, high, atol=1e-6)
        assert (high >= low).all()

    @pytest.mark.parametrize("policy", ["none", "to_original"])
    def test_m4_staffing_that_ignores_automation_is_the_same_path(self, policy: str) -> None:
        def heads(**settings: Any) -> Any:
            return play(request(engineer(), backfill={"policy": policy}, **settings)).role("count")

        base = heads()
        assert (base == heads(automation_factor=0.9)).all()
        assert (base == heads(adoption={"p": 0.5, "q": 0.1})).all()
        assert (base == heads(consolidation={"threshold": 0.9})).all()


class TestRequiredHeads:
    @pytest.mark.parametrize(
        ("demand", "time", "threshold", "heads"),
        [(50, 0.30, 1.0, 22), (100, 0.45, 1.0, 82), (50, 0.65, 0.0, 33), (100, 0.725, 0.0, 73), (100, 1.0, 0.0, 100),
         (100, 1.0, 1.0, 100), (100, 0.95, 0.1, 100), (0, 0.5, 0.1, 0)],
    )  # fmt: skip
    def test_worked_numbers(self, demand: float, time: float, threshold: float, heads: int) -> None:
        assert required_heads(float(demand), time, threshold) == heads


class TestIntensity:
    def test_automation_scales_the_speed_not_the_end(self) -> None:
        settings = {"adoption": {"mode": "intensity", "p": 5, "q": 5}, "learning": {"months": 1}}
        rows = play(request(engineer(), automation_factor=0.4, steps=240, **settings, **STILL))
        assert rows.role("auto_time_automated")[-1] == pytest.approx(1.0)


class TestCeiling:
    def test_a_workloads_ceiling_bounds_what_is_cut(self) -> None:
        role = clerk()
        role["workloads"] = [workload("Type", "Auto", 0.5, 1.0, ceiling=0.4)]
        rows = play(request(role, adoption={"p": 10, "q": 0}, learning={"months": 1}, steps=120, **STILL))
        assert rows.role("auto_time_automated")[-1] == pytest.approx(0.2)

    def test_a_workload_is_adopted_after_its_start_month_only(self) -> None:
        role = clerk()
        role["workloads"] = [workload("Type", "Auto", 0.5, 1.0, start_month=12)]
        released = play(request(role, adoption={"p": 5, "q": 0}, steps=24, **STILL)).role("released_fte")
        assert (released[:13] == 0).all()
        assert (released[14] > 0).all()


def _shrinking_and_shrunk(**moves: Any) -> Any:
    """Half of the clerks are soon not needed; the guards quit; people of either work move freely."""
    return request(
        clerk(200), guard(100, monthly_quit=0.05), automation_factor=0.9, steps=24,
        adoption={"p": 5, "q": 5}, attrition={"monthly_quit": 0}, backfill={"policy": "none"},
        redeployment={"enabled": True, "max_distance": 1, "monthly_share": 1, **moves},
    )  # fmt: skip


class TestPlannedMoves:
    def test_no_more_people_move_than_are_planned(self) -> None:
        plan = [{"source": "Clerk", "target": "Guard", "month": month, "people": month % 3} for month in (4, 5, 8)]
        moved = play(_shrinking_and_shrunk(plan=plan)).role("moved_in", 1)
        assert moved.max(axis=1).tolist() == [month % 3 if month in (4, 5, 8) else 0 for month in range(25)]

    def test_a_plan_of_more_than_there_are_is_bound_by_surplus_and_shortage(self) -> None:
        free = play(_shrinking_and_shrunk())
        plan = [{"source": "Clerk", "target": "Guard", "month": month, "people": 1000} for month in range(1, 25)]
        planned = play(_shrinking_and_shrunk(plan=plan))
        assert (free.company == planned.company).all()
        assert free.role("moved_in", 1).sum() > 0

    def test_a_plan_reaches_beyond_the_distance_that_is_offered(self) -> None:
        plan = [{"source": "Clerk", "target": "Guard", "month": 12, "people": 5}]
        rows = play(_shrinking_and_shrunk(plan=plan, max_distance=0.2))
        assert rows.role("moved_in", 1)[12].max() == 5
