"""Minimum-cost flows against a linear program that states the same task person by person."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from etter_simulation.planning.flow import Flow, Transport, solve

WORTH_MORE_THAN_ANY_PRICE = 1_000_000


def transport(supply: Any, demand: Any, arcs: dict[tuple[int, int], int], **more: Any) -> Transport:
    supply, demand = np.array(supply), np.array(demand)
    pairs = np.array(list(arcs)).reshape(-1, 2)
    nothing = np.zeros(supply.shape[1], dtype=np.int64)
    given_or_free = {"hold": nothing, "late": nothing, **more}
    return Transport(
        supply, demand, pairs[:, 0], pairs[:, 1], np.array(list(arcs.values()), dtype=int), **given_or_free
    )


def moves(flow: Flow) -> set[tuple[int, int, int]]:
    return {(int(a), int(m), int(n)) for a, m, n in zip(flow.arcs, flow.months, flow.people, strict=True)}


def by_linear_program(asked: Transport) -> tuple[float, float]:
    """(people moved, price) of the best way, over: arc, month available, month of the move, month the post opened."""
    months = range(len(asked.supply))
    ways = [
        (arc, since, at, opened)
        for arc, since, at, opened in itertools.product(range(len(asked.sources)), months, months, months)
        if since <= at and opened <= at
    ]
    source, target = asked.sources, asked.targets
    prices = [
        asked.prices[arc] + asked.hold[source[arc]] * (at - since) + asked.late[target[arc]] * (at - opened)
        for arc, since, at, opened in ways
    ]
    rows, limits = [], []
    for month, role in itertools.product(months, range(asked.supply.shape[1])):
        rows.append([source[w[0]] == role and w[1] == month for w in ways])
        limits.append(asked.supply[month, role])
        rows.append([target[w[0]] == role and w[3] == month for w in ways])
        limits.append(asked.demand[month, role])
        if asked.out_limit.size:
            rows.append([source[w[0]] == role and w[2] == month for w in ways])
            limits.append(asked.out_limit[month, role])
    bonus = 0 if asked.only_if_cheaper else WORTH_MORE_THAN_ANY_PRICE
    found = linprog(np.array(prices) - bonus, A_ub=np.array(rows, dtype=float), b_ub=limits)
    return found.x.sum(), float(np.dot(prices, found.x))


@st.composite
def small_transports(draw: st.DrawFn) -> Transport:
    months, roles = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    people = st.lists(st.integers(0, 4), min_size=roles, max_size=roles)
    table = st.lists(people, min_size=months, max_size=months)
    everyone = [(a, b) for a in range(roles) for b in range(roles) if a != b]
    pairs = draw(st.lists(st.sampled_from(everyone), min_size=1, unique=True))
    arcs = {pair: draw(st.integers(-50, 50)) for pair in pairs}
    prices = st.lists(st.integers(0, 20), min_size=roles, max_size=roles)
    more = {"out_limit": np.array(draw(table))} if draw(st.booleans()) else {}
    return transport(
        draw(table), draw(table), arcs, hold=np.array(draw(prices)), late=np.array(draw(prices)),
        only_if_cheaper=draw(st.booleans()), **more,
    )  # fmt: skip


class TestSolve:
    @settings(deadline=None, max_examples=120)
    @given(small_transports())
    def test_no_other_way_is_better(self, asked: Transport) -> None:
        flow, (people, price) = solve(asked), by_linear_program(asked)
        if asked.only_if_cheaper:
            assert flow.cost == pytest.approx(price, abs=1e-6)
        else:
            assert flow.people.sum() == pytest.approx(people)
            assert flow.cost == pytest.approx(price, abs=1e-6)

    @settings(deadline=None, max_examples=80)
    @given(small_transports())
    def test_it_can_be_carried_out_in_whole_people(self, asked: Transport) -> None:
        flow = solve(asked)
        left, joined = np.zeros_like(asked.supply), np.zeros_like(asked.supply)
        np.add.at(left, (flow.months, asked.sources[flow.arcs]), flow.people)
        np.add.at(joined, (flow.months, asked.targets[flow.arcs]), flow.people)
        assert flow.people.dtype.kind == "i"
        assert (left.cumsum(axis=0) <= asked.supply.cumsum(axis=0)).all()
        assert (joined.cumsum(axis=0) <= asked.demand.cumsum(axis=0)).all()
        assert (asked.supply.sum(axis=0) - left.sum(axis=0) == flow.unplaced).all()
        assert (asked.demand.sum(axis=0) - joined.sum(axis=0) == flow.unfilled).all()
        if asked.out_limit.size:
            assert (left <= asked.out_limit).all()

    def test_the_nearest_is_not_always_the_best(self) -> None:
        """A greedy choice sends role 0 to 2 for 1 and leaves 1 to 3 for 100; together 2 + 3 is cheaper."""
        arcs = {(0, 2): 1, (0, 3): 2, (1, 2): 3, (1, 3): 100}
        flow = solve(transport([[1, 1, 0, 0]], [[0, 0, 1, 1]], arcs))
        assert (moves(flow), flow.cost) == ({(1, 0, 1), (2, 0, 1)}, 5)

    def test_who_is_surplus_late_fills_a_post_that_waited(self) -> None:
        asked = transport([[0, 0], [3, 0]], [[0, 2], [0, 0]], {(0, 1): 10}, late=np.array([0, 7]))
        flow = solve(asked)
        assert (moves(flow), flow.cost) == ({(0, 1, 2)}, 2 * (10 + 7))
        assert (flow.unplaced.tolist(), flow.unfilled.tolist()) == ([1, 0], [0, 0])

    def test_a_monthly_limit_stretches_the_moves(self) -> None:
        limit = np.full((3, 2), 2)
        flow = solve(transport([[5, 0], [0, 0], [0, 0]], [[0, 5], [0, 0], [0, 0]], {(0, 1): 1}, in_limit=limit))
        assert sorted(flow.people.tolist()) == [1, 2, 2]

    def test_a_dear_move_is_left_out_where_only_cheaper_ones_are_wanted(self) -> None:
        def moved(cheaper: bool) -> int:
            asked = transport([[2, 2, 0]], [[0, 0, 4]], {(0, 2): -5, (1, 2): 5}, only_if_cheaper=cheaper)
            return int(solve(asked).people.sum())

        assert (moved(True), moved(False)) == (2, 4)

    def test_without_any_pair_nobody_moves(self) -> None:
        flow = solve(transport([[2, 0]], [[0, 3]], {}))
        assert (flow.people.size, flow.unplaced.tolist(), flow.unfilled.tolist()) == (0, [2, 0], [0, 3])
