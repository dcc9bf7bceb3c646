"""Section 8, mean-field engine: section 4 in expectation, worked out by hand where that can be done."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from etter_simulation.engine.build import build, counterfactual, without_automation
from etter_simulation.engine.mean_field import Expectation, expect, play
from etter_simulation.engine.mean_field_outputs import LARGEST_RATIO
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.request import SimulationRequest

from ..factories import BUSY, STILL, clerk, engineer, guard, marketing, request
from .strategies import requests


def role(found: Expectation, metric: str, at: int = 0) -> Any:
    return found.roles[at, ROLE_METRICS.index(metric)]


def company(found: Expectation, metric: str) -> Any:
    return found.company[found.company_metrics.index(metric)]


def steady(*roles: dict[str, Any], **more: Any) -> SimulationRequest:
    """Nothing is automated: only people come and go."""
    return request(*roles, automation_factor=0, **more)


class TestAdoption:
    def test_innovators_follow_the_closed_form(self) -> None:
        t, h, learn = 30, 1 - math.exp(-1.5 / 12), 1 / 3
        found = expect(request(clerk(), adoption={"p": 1.5, "q": 0}, steps=t, **STILL))
        unadopted = (1 - h) ** t
        learning = h * ((1 - learn) ** t - (1 - h) ** t) / (h - learn)
        share = 0.5 * learning + 1 - unadopted - learning
        assert role(found, "auto_time_automated")[t] == pytest.approx(0.5 * share)
        assert role(found, "released_fte")[t] == pytest.approx(50 * 0.5 * share)
        assert company(found, "licences")[t] == pytest.approx(30 * 50 * (1 - unadopted))

    def test_imitators_follow_the_recursion(self) -> None:
        found = expect(request(clerk(), adoption={"p": 0.1, "q": 1.0}, learning={"months": 1}, steps=24, **STILL))
        adopted = 0.0
        for step in range(1, 25):
            adopted += (1 - adopted) * (1 - math.exp(-(0.1 + adopted) / 12))
            assert company(found, "licences")[step] == pytest.approx(30 * 50 * adopted)

    def test_with_full_mixing_all_roles_look_at_the_whole_company(self) -> None:
        """Pace apart, the pressure is one: roles of one skill adopt alike, however few people they have."""
        roles = [clerk(10), clerk(990, role="Many")]
        found = expect(request(*roles, adoption={"p": 0.2, "q": 2.0, "mixing": 1.0}, **STILL))
        assert np.allclose(role(found, "auto_time_automated"), role(found, "auto_time_automated", 1))

    def test_a_workload_waits_for_its_month(self) -> None:
        late = clerk()
        late["workloads"] = [{**late["workloads"][0], "start_month": 12}]
        now, then = (expect(request(asked, **STILL)) for asked in (clerk(), late))
        assert (role(then, "released_fte")[:13] == 0).all()
        assert np.allclose(role(then, "released_fte")[12:], role(now, "released_fte")[:-12])


class TestPeople:
    def test_a_freeze_lets_people_go(self) -> None:
        found = expect(steady(clerk(), attrition={"monthly_quit": 0.03}, backfill={"policy": "none"}))
        assert np.allclose(role(found, "count"), 50 * 0.97 ** np.arange(37))
        assert np.allclose(role(found, "quits")[1:], 0.03 * role(found, "count")[:-1])

    def test_backfill_closes_a_share_of_the_gap(self) -> None:
        settings = {"attrition": {"monthly_quit": 0.04}, "backfill": {"fill_months": 2.5}}
        found, heads = expect(steady(clerk(), **settings)), 50.0
        for step in range(1, 37):
            heads = 0.6 * 0.96 * heads + 0.4 * 50
            assert role(found, "count")[step] == pytest.approx(heads)

    def test_new_people_ramp_up(self) -> None:
        """In the steady state R of n heads ramp: what is hired is what quits or matures."""
        settings = {"attrition": {"monthly_quit": 0.05}, "backfill": {"fill_months": 1}, "ramp": {"months": 5}}
        found = expect(steady(clerk(1000), steps=600, **settings))
        ramping = 50 / (1 - 0.95 * 0.8)
        capacity = 1000 - 0.5 * ramping
        assert role(found, "avg_time_per_employee")[-1] == pytest.approx(1000 / capacity)
        assert role(found, "avg_unused_output_capacity")[-1] == pytest.approx(capacity / 1000 - 1)

    def test_layoffs_wait_and_then_take_a_share(self) -> None:
        settings = {
            **STILL, "adoption": {"p": 0, "q": 0},
            "layoffs": {"policy": "surplus", "patience_months": 2, "monthly_share": 0.1},
        }  # fmt: skip
        model = build(request(clerk(1000), steps=10, **settings))
        model.demand[1:] = 600.0
        surplus = play([model]).roles[0, 0, 0] - 600
        assert surplus[:3].tolist() == [400, 400, 400]
        assert np.allclose(surplus[2:], 400 * 0.9 ** np.arange(9))

    def test_the_nearest_shortage_is_served_first_and_the_plan_is_kept(self) -> None:
        roles = [clerk(100), guard(100), guard(100, role="Warden")]
        near = [
            {"source": "Clerk", "target": "Warden", "distance": 0.2},
            {"source": "Clerk", "target": "Guard", "distance": 0.5},
        ]
        frozen = {**STILL, "adoption": {"p": 0, "q": 0}}
        settings = {**frozen, "redeployment": {"enabled": True, "monthly_share": 1.0, "distance": near}}
        model = build(request(*roles, steps=1, **settings))
        model.demand[1] = [70.0, 120.0, 120.0]
        found = play([model])
        assert moved(found, "moved_out") == [30, 0, 0]
        assert moved(found, "moved_in") == [0, 10, 20]
        cost = found.company[0, COMPANY_METRICS.index("one_off"), 1]
        assert cost == pytest.approx(24_800 * (20 * 0.7 + 10 * 1.0))
        planned = [{"source": "Clerk", "target": "Guard", "month": 1, "people": 7}]
        settings["redeployment"] = {**settings["redeployment"], "plan": planned}
        model = build(request(*roles, steps=1, **settings))
        model.demand[1] = [70.0, 120.0, 120.0]
        assert moved(play([model]), "moved_in") == [0, 7, 0]

    def test_whoever_moves_is_paid_while_reskilling_and_then_ramps(self) -> None:
        near = [{"source": "Clerk", "target": "Guard", "distance": 0.9}]
        settings = {**STILL, "redeployment": {"enabled": True, "monthly_share": 1.0, "distance": near,
                                              "max_distance": 1.0}}  # fmt: skip
        model = build(request(clerk(100), guard(100), steps=3, **settings))
        model.demand[1:] = [90.0, 110.0]
        found = play([model])
        assert found.roles[0, 1, ROLE_METRICS.index("count")] == pytest.approx([100, 110, 110, 110])
        capacity = 110 / found.roles[0, 1, ROLE_METRICS.index("avg_time_per_employee")]
        ramping, active, learning = 0.0, 0.0, 10.0
        for step in (2, 3):
            ramping, active, learning = ramping * 5 / 6 + learning / 6, active + ramping / 6, learning * 5 / 6
            assert capacity[step] == pytest.approx(100 + active + 0.5 * ramping)


def moved(found: Any, metric: str) -> list[float]:
    moves: list[float] = found.roles[0, :, ROLE_METRICS.index(metric), 1].tolist()
    return moves


def assert_s2(found: Expectation) -> None:
    so_far = {name: found.roles[:, ROLE_METRICS.index(name)].cumsum(axis=1) for name in ROLE_METRICS}
    heads = found.roles[:, 0]
    came = heads[:, :1] + so_far["hires"] + so_far["moved_in"]
    assert np.allclose(came, heads + so_far["quits"] + so_far["laid_off"] + so_far["moved_out"])
    assert so_far["moved_in"][:, -1].sum() == pytest.approx(so_far["moved_out"][:, -1].sum())


class TestAccounting:
    @settings(max_examples=60, deadline=None)
    @given(requests())
    def test_s2_s3_s4_s7_hold_for_whatever_is_asked(self, asked: SimulationRequest) -> None:
        found = expect(asked)
        assert_s2(found)
        demand = build(asked).demand.T
        largest = np.maximum(demand[:, :1], np.maximum.accumulate(np.ceil(demand - 1e-9), axis=1))
        assert (found.roles[:, 0] <= largest + 1e-9).all()
        for metric in ("count", "vacancies", "quits", "hires", "laid_off", "moved_in", "moved_out"):
            assert (found.roles[:, ROLE_METRICS.index(metric)] >= -1e-9).all(), metric
        released, realised, unrealised = (
            found.roles[:, ROLE_METRICS.index(f"{name}_fte")] for name in ("released", "realised", "unrealised")
        )
        assert np.allclose(released, realised + unrealised)
        assert (released >= 0).all()
        assert (released <= demand * (1 - asked.consolidation.min_time_share) + 1e-9).all()
        for metric in ("avg_automation_rate", "auto_time_automated"):
            rates = found.roles[:, ROLE_METRICS.index(metric)]
            assert (rates >= 0).all()
            assert (rates <= 1 + 1e-12).all()
        assert not np.isinf(found.company).any()
        assert not np.isinf(found.roles).any()

    def test_a_ratio_beyond_the_engines_range_is_its_end(self) -> None:
        settings = {
            "attrition": {"monthly_quit": 1.0},
            "ramp": {"productivity": 1e-320},
            "backfill": {"fill_months": 1},
        }
        found = expect(request(clerk(1000), **settings))
        assert (role(found, "avg_time_per_employee")[1:] == LARGEST_RATIO).all()

    def test_s2_in_a_busy_company(self) -> None:
        found = expect(request(engineer(), marketing(), guard(), **BUSY))
        assert_s2(found)
        assert found.roles[:, ROLE_METRICS.index("moved_in")].sum() > 0

    def test_s6_s7_money_and_released_time_add_up(self) -> None:
        found = expect(request(engineer(), marketing(), guard(), **BUSY))
        net = company(found, "run_rate_saving") - company(found, "one_off")
        assert np.allclose(np.diff(company(found, "cum_net")), net[1:])
        assert company(found, "one_off")[3] > 1000
        released = company(found, "realised_fte") + company(found, "unrealised_fte")
        assert np.allclose(company(found, "released_fte"), released)

    def test_n1_n5_nothing_automated_changes_nothing(self) -> None:
        found = expect(steady(engineer(), guard(), attrition={"monthly_quit": 0}))
        assert (role(found, "count") == 300).all()
        assert (role(found, "avg_time_per_employee") == 1).all()
        assert (company(found, "released_fte") == 0).all()
        busy = expect(steady(engineer(), marketing(), **BUSY))
        for metric in busy.company_metrics[len(COMPANY_METRICS) :]:
            assert (company(busy, metric) == 0).all(), metric

    @pytest.mark.parametrize("roles", [[engineer(0)], [guard()], [clerk(1)]])
    @pytest.mark.parametrize("steps", [0, 1, 12])
    def test_n6_small_companies_have_numbers_or_null(self, roles: list[dict[str, Any]], steps: int) -> None:
        found = expect(request(*roles, steps=steps, **BUSY))
        assert found.company.shape == (len(found.company_metrics), steps + 1)
        assert not np.isinf(found.company).any()
        assert np.isnan(role(found, "avg_time_per_employee")).all() == (roles[0]["count"] == 0)

    def test_nobody_left_is_null_and_whoever_comes_has_adopted_nothing(self) -> None:
        settings = {"attrition": {"monthly_quit": 1.0}, "adoption": {"p": 10.0}, "backfill": {"fill_months": 1}}
        found = expect(request(clerk(), **settings))
        assert (role(found, "count")[1:] == 50).all()
        assert (role(found, "auto_time_automated") == 0).all()
        gone = expect(request(clerk(), attrition={"monthly_quit": 0.5}, backfill={"policy": "none"}))
        assert role(gone, "count")[36] > 0
        assert np.isnan(role(gone, "avg_time_per_employee")[36])


class TestSummary:
    def test_payback_is_the_month_after_the_last_in_the_red(self) -> None:
        capex = {"costs": {"capex": [{"month": 1, "amount": 2_000_000}]}, "counterfactual": False}
        found = expect(request(steps=120, **capex))
        months = np.flatnonzero(company(found, "cum_net") < 0)
        assert 0 < months[-1] < 120
        assert found.summary["payback_month"] == months[-1] + 1

    def test_never_paying_back_and_spending_nothing_are_null(self) -> None:
        never = {"costs": {"capex": [{"month": 1, "amount": 1e11}]}, "counterfactual": False}
        assert expect(request(**never)).summary["payback_month"] is None
        assert expect(steady(guard(), attrition={"monthly_quit": 0})).summary["payback_month"] is None

    def test_a_years_saving_and_discounting(self) -> None:
        found = expect(request(steps=60, counterfactual=False, costs={"discount_rate": 0.1}))
        rate, one_off = company(found, "run_rate_saving"), company(found, "one_off")
        assert found.summary["structural_saving_per_year"] == pytest.approx(rate[-12:].sum())
        worth = 1.1 ** (-np.arange(1, 61) / 12)
        assert found.summary["discounted_net"] == pytest.approx(((rate - one_off)[1:] * worth).sum())


class TestPlay:
    def test_cases_side_by_side_do_not_touch_each_other(self) -> None:
        asked = [request(engineer(), marketing(), guard(), automation_factor=a, **BUSY) for a in (0.2, 0.9)]
        models = [build(one) for one in asked]
        together, alone = play(models), [play([model]) for model in models]
        for case in (0, 1):
            assert np.array_equal(together.roles[case], alone[case].roles[0], equal_nan=True)
            assert np.array_equal(together.company[case], alone[case].company[0], equal_nan=True)

    @pytest.mark.parametrize("mode", ["ceiling", "intensity"])
    def test_the_counterfactual_is_the_model_without_automation(self, mode: str) -> None:
        asked = request(adoption={"mode": mode})
        one, other = counterfactual(asked, build(asked)), build(without_automation(asked))
        assert (one.works == other.works).all()
        assert (one.rules == other.rules).all()

    def test_it_needs_no_compiler(self) -> None:
        code = (
            "import sys\n"
            "from etter_simulation.engine.mean_field import expect\n"
            "from etter_simulation.engine.request import SimulationRequest\n"
            f"expect(SimulationRequest.model_validate_json({request(**BUSY).model_dump_json()!r}))\n"
            "assert not {'numba', 'scipy'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
