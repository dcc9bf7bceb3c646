"""Roadmaps against every plan there is."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etter_simulation.engine.staffing import required_heads
from etter_simulation.planning.roadmap import TANGENTS, Program, posts_saved, solve

SECONDS = 30.0


def program(**changes: Any) -> Program:
    """Two workloads of role 0, one of role 1, four quarters."""
    given: dict[str, Any] = {
        "role_of": np.array([0, 0, 1]),
        "freed": np.array([[0.1, 0.2, 0.3, 0.3], [0.05, 0.1, 0.1, 0.1], [0.2, 0.3, 0.4, 0.4]]),
        "spending": np.full((3, 4), 10.0),
        "start_cost": np.array([100.0, 20.0, 50.0]),
        "pay": np.full((4, 2), 1000.0),
        "posts": np.array([10.0, 10.0]),
        "threshold": 0.1,
        "budget": np.full(4, 1e6),
        "fall": np.array([1.0, 1.0]),
        "company_fall": 1.0,
        "value": "payroll",
    }
    return Program(**{**given, **changes})


def freed_time(asked: Program, starts: Any) -> Any:
    """[quarter, role]"""
    freed = np.zeros((asked.quarters, len(asked.posts)))
    for work, start in enumerate(starts):
        if start >= 0:
            freed[start:, asked.role_of[work]] += asked.freed[work, : asked.quarters - start]
    return freed


def spent(asked: Program, starts: Any) -> Any:
    money = np.zeros(asked.quarters)
    for work, start in enumerate(starts):
        if start >= 0:
            money[start] += asked.start_cost[work]
            money[start:] += asked.spending[work, : asked.quarters - start]
    return money


def bounded_by_tangents(asked: Program, freed: float, role: int) -> float:
    least = asked.threshold / (1 + asked.threshold)
    works = asked.role_of == role
    points = np.linspace(least, max(least, asked.freed[works].max(axis=1).sum() if works.any() else 0), TANGENTS)
    slopes = 1 / (1 - asked.threshold * (1 - points)) ** 2
    return max(0.0, float((posts_saved(points, asked.threshold) + slopes * (freed - points)).min()))


def worth(asked: Program, starts: Any) -> float:
    """Of one plan, going as fast as it may; only limits by role."""
    freed, saved = freed_time(asked, starts), np.zeros_like(asked.pay)
    for quarter, role in itertools.product(range(asked.quarters), range(len(asked.posts))):
        most = freed[quarter, role]
        if asked.value == "payroll":
            before = saved[quarter - 1, role] if quarter else 0.0
            most = min(bounded_by_tangents(asked, most, role), before + asked.fall[role], 1.0)
        saved[quarter, role] = most
    return float((saved * asked.pay).sum() - spent(asked, starts).sum())


def best_of_all(asked: Program) -> float:
    plans = itertools.product(range(-1, asked.quarters), repeat=len(asked.role_of))
    return max(worth(asked, plan) for plan in plans if (spent(asked, plan).cumsum() <= asked.budget + 1e-6).all())


@st.composite
def small_programs(draw: st.DrawFn) -> Program:
    quarters, works = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    money = st.floats(0, 500)
    rising = st.lists(st.floats(0, 0.3), min_size=quarters, max_size=quarters).map(sorted)
    table = st.lists(st.lists(money, min_size=quarters, max_size=quarters), min_size=works, max_size=works)
    freed = np.array(draw(st.lists(rising, min_size=works, max_size=works)))
    return program(
        role_of=np.array(draw(st.lists(st.integers(0, 1), min_size=works, max_size=works))),
        freed=freed * 3 / max(1, works), spending=np.array(draw(table)),
        start_cost=np.array(draw(st.lists(money, min_size=works, max_size=works))),
        pay=np.full((quarters, 2), 1000.0), threshold=draw(st.sampled_from([0.0, 0.1, 1.0])),
        budget=np.array(draw(st.lists(st.floats(0, 800), min_size=quarters, max_size=quarters))).cumsum(),
        fall=np.array(draw(st.lists(st.floats(0.01, 0.5), min_size=2, max_size=2))),
        value=draw(st.sampled_from(["payroll", "time"])),
    )  # fmt: skip


class TestSolve:
    @settings(deadline=None, max_examples=60)
    @given(small_programs())
    def test_no_other_plan_is_better(self, asked: Program) -> None:
        found = solve(asked, time_limit_s=SECONDS, relative_gap=0.0)
        assert found.is_optimal
        assert found.objective == pytest.approx(best_of_all(asked), rel=1e-5, abs=1e-3)
        assert found.objective == pytest.approx(worth(asked, found.starts), rel=1e-5, abs=1e-3)
        assert found.bound >= found.objective - 1e-3

    @settings(deadline=None, max_examples=40)
    @given(small_programs())
    def test_no_more_is_spent_than_there_is_and_posts_go_no_faster_than_they_may(self, asked: Program) -> None:
        found = solve(asked, time_limit_s=SECONDS)
        assert found.spent == pytest.approx(spent(asked, found.starts))
        assert (found.spent.cumsum() <= asked.budget + 1e-4).all()
        if asked.value == "payroll":
            assert (np.diff(found.saved, axis=0, prepend=0) <= asked.fall + 1e-6).all()

    def test_with_all_the_money_everything_worth_its_price_starts_at_once(self) -> None:
        found = solve(program(), time_limit_s=SECONDS)
        assert found.starts.tolist() == [0, 0, 0]
        assert found.gap <= 1e-4

    def test_a_small_budget_goes_where_it_brings_most(self) -> None:
        found = solve(program(budget=np.array([60.0, 70, 200, 210])), time_limit_s=SECONDS)
        assert found.starts[2] == 0
        assert found.starts[0] != 0

    def test_what_costs_more_than_it_saves_never_starts(self) -> None:
        found = solve(program(start_cost=np.full(3, 1e5)), time_limit_s=SECONDS)
        assert found.starts.tolist() == [-1, -1, -1]
        assert found.objective == pytest.approx(0, abs=1e-6)

    def test_freed_time_below_the_threshold_saves_no_post(self) -> None:
        little = np.full((3, 4), 0.02)
        assert solve(program(freed=little), time_limit_s=SECONDS).starts.tolist() == [-1, -1, -1]
        assert solve(program(freed=little, value="time", start_cost=np.zeros(3)), time_limit_s=SECONDS).objective > 0

    def test_a_companys_limit_holds_for_all_roles_together(self) -> None:
        found = solve(program(company_fall=0.05), time_limit_s=SECONDS)
        together = found.saved.mean(axis=1)  # roles of one size
        assert (np.diff(together, prepend=0) <= 0.05 + 1e-6).all()
        assert together.max() > 0.1

    def test_a_company_without_auto_work_has_an_empty_roadmap(self) -> None:
        nothing = {"role_of": np.zeros(0, dtype=int), "freed": np.zeros((0, 4)), "spending": np.zeros((0, 4))}
        found = solve(program(**nothing, start_cost=np.zeros(0)), time_limit_s=SECONDS)
        assert (found.starts.size, found.objective, found.spent.tolist()) == (0, 0, [0, 0, 0, 0])


class TestPostsSaved:
    @pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 1.0])
    def test_it_is_the_engines_rule_without_rounding(self, threshold: float) -> None:
        for freed in np.linspace(0, 0.9, 40):
            heads = required_heads(1e9, 1 - freed, threshold)
            assert posts_saved(np.array(freed), threshold) == pytest.approx(1 - heads / 1e9, abs=1e-8)

    @pytest.mark.parametrize("threshold", [0.0, 0.1, 1.0])
    def test_the_tangents_are_near(self, threshold: float) -> None:
        asked = program(threshold=threshold)
        for freed in np.linspace(0, 0.4, 50):
            above = bounded_by_tangents(asked, float(freed), 0) - posts_saved(np.array(freed), threshold)
            assert -1e-9 <= above < 0.005
