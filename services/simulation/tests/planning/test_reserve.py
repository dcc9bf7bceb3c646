"""Reserves under risk: against the newsvendor's closed form and against every whole plan of small cases."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etter_simulation.planning.reserve import Stakes, costs, solve, tail_mean, weighed

SECONDS = 30.0


def stakes(gaps: Any, arcs: dict[tuple[int, int], float] | None = None, **prices: Any) -> Stakes:
    gaps, arcs = np.array(gaps), arcs or {}
    pairs = np.array(list(arcs), dtype=int).reshape(-1, 2)
    given = {name: np.full(gaps.shape[1], price) for name, price in {"ahead": 5.0, "late": 9.0, "idle": 2.0}.items()}
    return Stakes(gaps, pairs[:, 0], pairs[:, 1], np.array(list(arcs.values()), dtype=float), **{**given, **prices})


@st.composite
def small_stakes(draw: st.DrawFn) -> Stakes:
    roles, scenarios = draw(st.integers(1, 2)), draw(st.integers(1, 5))
    row = st.lists(st.integers(-3, 3), min_size=roles, max_size=roles)
    price = st.lists(st.integers(1, 20).map(float), min_size=roles, max_size=roles).map(np.array)
    everyone = [(a, b) for a in range(roles) for b in range(roles) if a != b]
    arcs = {pair: float(draw(st.integers(-5, 15))) for pair in everyone}
    gaps = draw(st.lists(row, min_size=scenarios, max_size=scenarios))
    return stakes(gaps, arcs, ahead=draw(price), late=draw(price) + 5, idle=draw(price))


class TestSolve:
    @settings(deadline=None, max_examples=60)
    @given(small_stakes(), st.sampled_from([0.0, 0.3, 1.0]))
    def test_no_whole_plan_is_better_and_the_answer_is_worth_what_it_says(self, asked: Stakes, kappa: float) -> None:
        found = solve(asked, kappa, time_limit_s=SECONDS)
        assert found.objective == pytest.approx(weighed(costs(asked, found.moves, found.hires), kappa), abs=1e-6)
        for plan in itertools.product(range(5), repeat=len(asked.move) + len(asked.ahead)):
            moves, hires = np.split(np.array(plan, dtype=float), [len(asked.move)])
            assert found.objective <= weighed(costs(asked, moves, hires), kappa) + 1e-6

    @pytest.mark.parametrize(("late", "idle"), [(9.0, 2.0), (6.0, 4.0), (50.0, 1.0)])
    def test_without_aversion_it_is_the_newsvendors_quantile(self, late: float, idle: float) -> None:
        missing = np.random.default_rng(1).poisson(30, 501)
        found = solve(
            stakes(-missing[:, None], late=np.array([late]), idle=np.array([idle])), 0.0, time_limit_s=SECONDS
        )
        ratio = (late - 5.0) / (late + idle)
        ordered = np.sort(missing)
        assert found.hires[0] == pytest.approx(ordered[int(np.ceil(ratio * 501)) - 1])

    def test_aversion_holds_more_in_reserve_and_lowers_the_tail(self) -> None:
        missing = np.random.default_rng(2).poisson(20, 300)
        asked = stakes(-missing[:, None], late=np.array([30.0]), idle=np.array([12.0]))
        calm, afraid = (solve(asked, kappa, time_limit_s=SECONDS) for kappa in (0.0, 1.0))
        outcomes = [costs(asked, one.moves, one.hires) for one in (calm, afraid)]
        assert afraid.hires[0] > calm.hires[0]
        assert tail_mean(outcomes[1]) < tail_mean(outcomes[0])
        assert outcomes[1].mean() > outcomes[0].mean()

    def test_a_cheap_move_goes_before_a_hire_as_far_as_there_is_surplus(self) -> None:
        found = solve(stakes([[4, -6]], {(0, 1): 1.0}), 0.5, time_limit_s=SECONDS)
        assert (found.moves.tolist(), found.hires.tolist()) == ([4], [0, 2])

    def test_what_is_certain_costs_what_it_costs(self) -> None:
        found = solve(stakes([[-3]] * 7), 0.7, time_limit_s=SECONDS)
        assert found.objective == pytest.approx(15)


class TestTailMean:
    def test_of_a_hundred_it_is_the_mean_of_the_worst_five(self) -> None:
        assert tail_mean(np.random.default_rng(3).permutation(100.0 + np.arange(100))) == pytest.approx(197)

    def test_an_outcome_across_the_edge_counts_in_part(self) -> None:
        assert tail_mean(np.arange(30.0)) == pytest.approx((29 + 0.5 * 28) / 1.5)

    def test_it_is_the_least_level_and_mean_excess(self) -> None:
        outcomes = np.random.default_rng(4).normal(size=57)
        levels = [level + np.maximum(0, outcomes - level).sum() / (0.05 * 57) for level in outcomes]
        assert tail_mean(outcomes) == pytest.approx(min(levels))
