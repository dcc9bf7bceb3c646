"""Redeployment plans from the request to what they lead to."""

from __future__ import annotations

from typing import Any

import pytest

from etter_simulation.engine.evaluation import play
from etter_simulation.planning import redeployment
from etter_simulation.planning.redeployment import Asked, plan, with_moves, without_moves
from etter_simulation.planning.reserving import Risk

from ..factories import clerk, guard, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine


def shifting(**more: Any) -> Any:
    """Clerks are soon not needed, guards leave; another guard's role is out of anybody's reach."""
    distance = [{"source": "Clerk", "target": "Guard", "distance": 0.5}]
    given = {
        "automation_factor": 0.9, "steps": 18, "adoption": {"p": 5, "q": 5}, "attrition": {"monthly_quit": 0.0},
        "redeployment": {"distance": distance},
    }  # fmt: skip
    roles = (clerk(200), guard(100, monthly_quit=0.03), guard(50, role="Watch", monthly_quit=0.03))
    return request(*roles, **{**given, **more})


def planned(**more: Any) -> dict[str, Any]:
    terms = {name: more.pop(name) for name in ("only_if_cheaper", "max_out", "max_in", "risk") if name in more}
    return plan(Asked(shifting(**more), **terms), threads=1, on_progress=lambda _done: None)


def figure(found: dict[str, Any], name: str) -> Any:
    return next(one for one in found["simulated"] if one["figure"] == name)


class TestPlan:
    def test_surplus_goes_to_shortage_and_what_nobody_reaches_is_told(self) -> None:
        found = planned()
        assert {(move["source"], move["target"]) for move in found["moves"]} == {("Clerk", "Guard")}
        assert found["people"] == sum(move["people"] for move in found["moves"]) > 20
        (clerks,) = found["surplus"]
        assert clerks["left"] == clerks["people"] - found["people"]
        guards, watch = found["shortage"]
        assert (guards["role"], guards["left"], guards["reachable"]) == ("Guard", 0, True)
        assert (watch["role"], watch["left"], watch["reachable"]) == ("Watch", watch["people"], False)

    def test_the_cost_is_that_of_its_moves_and_of_waiting(self) -> None:
        found = planned(costs={"hire": 0, "reskill": 30_000})
        moves = sum(move["people"] * move["cost_per_person"]["net"] for move in found["moves"])
        assert found["planned_cost"] >= moves - found["people"]  # prices are whole currency
        cost = found["moves"][0]["cost_per_person"]
        saved = cost["severance_saved"] + cost["hiring_saved"]
        assert cost["net"] == pytest.approx(cost["reskilling"] + cost["ramp_loss"] - saved, abs=0.02)

    def test_it_is_played_and_saves_hires(self) -> None:
        found = planned()
        moved, hires = figure(found, "moved_in"), figure(found, "hires")
        assert moved["without"]["p95"] == 0
        assert 0 < moved["plan"]["p5"] <= moved["plan"]["p95"] <= found["people"]
        assert hires["difference"]["p95"] < 0
        assert figure(found, "heads")["difference"]["mean"] == pytest.approx(
            figure(found, "heads")["plan"]["mean"] - figure(found, "heads")["without"]["mean"], abs=1e-5
        )

    def test_limits_by_month_hold(self) -> None:
        found = planned(max_out=0.01)
        by_month: dict[int, int] = {}
        for move in found["moves"]:
            by_month[move["month"]] = by_month.get(move["month"], 0) + move["people"]
        assert max(by_month.values()) <= 2
        assert found["people"] < planned()["people"]

    def test_moves_that_cost_more_than_they_save_are_left_out_if_asked(self) -> None:
        assert planned(only_if_cheaper=True, costs={"reskill": 1_000_000})["moves"] == []
        assert planned(costs={"reskill": 1_000_000})["people"] > 0

    def test_too_many_pairs_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(redeployment, "MAX_ARCS", 3)
        with pytest.raises(redeployment.TooManyPairs, match="at most 3"):
            planned()

    def test_a_reserve_is_tried_on_scenarios_it_has_not_seen(self) -> None:
        costs = {"reskill": 0, "hire": 20_000}
        reserve = planned(costs=costs, risk=Risk(kappa=0.5, idle_months=3))["reserve"]
        assert {(move["source"], move["target"]) for move in reserve["moves"]} == {("Clerk", "Guard")}
        assert {hire["role"] for hire in reserve["hires"]} >= {"Watch"}
        assert reserve["simulated"]["weighed"] < reserve["simulated_without"]["weighed"]
        assert reserve["planned"]["weighed"] == pytest.approx(reserve["objective"], rel=0.02)
        assert reserve["planned"]["p95"] <= reserve["planned"]["cvar95"]
        assert reserve["simulated"] != reserve["planned"]


class TestRequests:
    def test_without_a_plan_nobody_moves_and_with_one_nobody_else(self) -> None:
        asked = shifting(redeployment={"enabled": True, "max_distance": 1})
        assert play(without_moves(asked), 0, 5).of_company("moved_in").sum() == 0
        assert play(with_moves(asked, []), 0, 5).of_company("moved_in").sum() == 0
        assert play(asked, 0, 5).of_company("moved_in").sum() > 0
