"""Pairs and prices of moves."""

from __future__ import annotations

from typing import Any

import pytest

from etter_simulation.planning.moves import Pair, move_cost, pairs_between, reskilling_class

from ..factories import clerk, engineer, guard, marketing, request, workload


def near_engineer() -> dict[str, Any]:
    work = [workload("Review", "Non-Auto", 0.5, 0.5), workload("Write code", "Auto", 0.9, 0.5)]
    return {"role": "Reviewer", "count": 10, "salary": 60_000, "workloads": work}


class TestPairsBetween:
    def test_pairs_that_share_work_within_the_distance(self) -> None:
        asked = request(engineer(), near_engineer(), marketing(), redeployment={"max_distance": 0.6})
        (pair,) = pairs_between(asked, [0, 2], [1])
        assert (pair.source, pair.target) == (0, 1)
        assert pair.distance == pytest.approx(1 - 0.5 - 0.125)
        closer = request(engineer(), near_engineer(), redeployment={"max_distance": 0.3})
        assert pairs_between(closer, [0], [1]) == []

    def test_with_distance_one_everybody_can_move(self) -> None:
        asked = request(engineer(), guard(), clerk(), redeployment={"max_distance": 1})
        found = pairs_between(asked, [0, 1], [1, 2])
        assert [(pair.source, pair.target) for pair in found] == [(0, 1), (0, 2), (1, 2)]

    def test_given_distances_go_before_and_name_all_pairs(self) -> None:
        distance = [
            {"source": "Guard", "target": "Engineer", "distance": 0.2},
            {"source": "Engineer", "target": "Guard", "distance": 0.9},
        ]
        asked = request(engineer(), near_engineer(), guard(), redeployment={"distance": distance})
        assert pairs_between(asked, [0, 1, 2], [0, 1, 2]) == [Pair(2, 0, 0.2)]


class TestMoveCost:
    def test_every_part_by_hand(self) -> None:
        costs = {"on_cost": 0.2, "reskill": 10_000, "hire": 3_000, "severance_months": 2}
        ramp = {"months": 4, "productivity": 0.25}
        moves = {"reskill_months": [1, 3, 6]}
        asked = request(
            engineer(), guard(), costs=costs, ramp=ramp, redeployment=moves, layoffs={"policy": "surplus"}
        )  # fmt: skip
        cost = move_cost(asked, Pair(0, 1, 0.5))
        monthly = 40_000 / 12 * 1.2
        assert cost.reskilling == 10_000
        assert cost.ramp_loss == pytest.approx(monthly * (3 + 4 * 0.75))
        assert cost.severance_saved == pytest.approx(80_000 / 12 * 2)
        assert cost.hiring_saved == pytest.approx(3_000 + monthly * 4 * 0.75)
        assert cost.net == pytest.approx(10_000 + monthly * 3 - 80_000 / 6 - 3_000)

    def test_where_nobody_is_laid_off_or_hired_nothing_is_saved(self) -> None:
        cost = move_cost(request(engineer(), guard(), backfill={"policy": "none"}), Pair(0, 1, 0.5))
        assert (cost.severance_saved, cost.hiring_saved) == (0, 0)


class TestReskillingClass:
    @pytest.mark.parametrize(("distance", "place"), [(0, 0), (1 / 3, 0), (0.34, 1), (2 / 3, 1), (0.67, 2), (1, 2)])
    def test_the_bounds_belong_to_the_shorter(self, distance: float, place: int) -> None:
        assert reskilling_class(distance) == place
