"""Automation roadmaps from the request to what they lead to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.evaluation import play
from etter_simulation.planning import automation
from etter_simulation.planning.automation import Asked, plan, program_of, with_starts
from etter_simulation.planning.roadmap import posts_saved

from ..factories import engineer, guard, marketing, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
FAST: dict[str, Any] = {"adoption": {"p": 2, "q": 2}, "automation_factor": 0.8, "n_iterations": 20, "steps": 36}


def asked(**more: Any) -> Asked:
    terms = {
        "budget": (1e9,), "start_cost": 20_000.0, "start_costs": {}, "value": "payroll", "max_fall": 1.0,
        "time_limit_s": 20.0,
    }  # fmt: skip
    own = {name: more.pop(name) for name in terms if name in more}
    return Asked(request=request(engineer(), guard(), marketing(), **{**FAST, **more}), **{**terms, **own})


def planned(**more: Any) -> dict[str, Any]:
    return plan(asked(**more), threads=1, on_progress=lambda _done: None)


def figure(found: dict[str, Any], name: str) -> Any:
    return next(one for one in found["simulated"] if one["figure"] == name)


class TestPlan:
    def test_with_all_the_money_everything_starts_and_saves(self) -> None:
        found = planned(layoffs={"policy": "surplus"})
        assert [one["quarter"] for one in found["starts"]] == [1, 1, 1, 1]
        assert (found["is_optimal"], found["gap"] <= 1e-4) == (True, True)
        net = figure(found, "cum_net")
        assert 0 < net["difference"]["p5"] < net["difference"]["p95"]
        assert figure(found, "released_fte")["without"]["p95"] == 0

    def test_what_is_freed_is_worth_in_the_simulation_what_was_expected(self) -> None:
        found = planned(value="time", attrition={"monthly_quit": 0})
        value = figure(found, "freed_value")["difference"]
        assert value["mean"] == pytest.approx(found["objective"], rel=0.02)

    def test_a_budget_is_kept_and_delays_what_brings_less(self) -> None:
        rich, poor = planned(value="time"), planned(value="time", budget=(150_000.0, 100_000.0))
        for line in poor["spending"]:
            assert line["spent_so_far"] <= line["budget_so_far"] + 0.01
        assert poor["objective"] < rich["objective"]
        assert [one["quarter"] for one in poor["starts"]] != [one["quarter"] for one in rich["starts"]]

    def test_start_costs_are_due_in_the_month_after_the_start(self) -> None:
        costs = {("Engineer", "Write code"): 500_000.0}
        found = planned(start_costs=costs, value="time")
        (start,) = [one for one in found["starts"] if one["workload"] == "Write code"]
        assert (start["start_cost"], start["start_month"]) == (500_000, 0)
        assert found["spending"][0]["spent"] > 500_000

    def test_nothing_is_saved_where_posts_are_kept(self) -> None:
        found = planned(backfill={"policy": "to_original"})
        assert {one["quarter"] for one in found["starts"]} == {None}
        assert figure(found, "cum_net")["difference"] == {"mean": 0, "p5": 0, "p50": 0, "p95": 0}

    def test_too_many_choices_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(automation, "MAX_CHOICES", 10)
        with pytest.raises(automation.TooManyChoices, match="at most 10"):
            planned()


class TestProgramOf:
    def test_quarters_are_what_the_simulation_does(self) -> None:
        """Freed shares and spending by quarter, against many people played with everything started at once."""
        what = asked(attrition={"monthly_quit": 0}, backfill={"policy": "none"})
        crowd = [role.model_copy(update={"count": role.count * 500}) for role in what.request.roles]
        what = Asked(**{**vars(what), "request": what.request.model_copy(update={"roles": crowd})})
        program = program_of(what)
        rows = play(what.request, 0, 4, with_roles=True)
        freed = rows.of_role(0, "released_fte").mean(axis=1)[1:].reshape(-1, 3).mean(axis=1) / crowd[0].count
        assert program.freed[program.role_of == 0].sum(axis=0) == pytest.approx(freed, rel=0.01)
        spent = (rows.of_company("one_off") + rows.of_company("licences")).mean(axis=1)[1:].reshape(-1, 3).sum(axis=1)
        assert program.spending.sum(axis=0) == pytest.approx(spent, rel=0.01)
        paid = rows.of_company("baseline").mean(axis=1)[1:].reshape(-1, 3).sum(axis=1)
        assert program.pay.sum(axis=1) == pytest.approx(paid)

    def test_budgets_add_up_by_year_and_the_last_is_repeated(self) -> None:
        budget = program_of(asked(budget=(10.0, 5.0))).budget
        assert budget.tolist() == [10] * 4 + [15] * 4 + [20] * 4

    @pytest.mark.parametrize(
        ("policies", "fall"),
        [({}, 1 - 0.98**3), ({"backfill": {"policy": "to_original"}}, 0), ({"backfill": {"policy": "none"}}, 0),
         ({"layoffs": {"policy": "surplus"}}, 1)],
    )  # fmt: skip
    def test_posts_go_as_the_policies_let_them(self, policies: dict[str, Any], fall: float) -> None:
        program = program_of(asked(attrition={"monthly_quit": 0.02}, **policies))
        assert program.fall == pytest.approx(np.full(3, fall))


class TestWithStarts:
    def test_posts_saved_in_the_end_are_those_of_the_program(self) -> None:
        what = asked(steps=60, layoffs={"policy": "surplus", "patience_months": 0, "monthly_share": 1})
        program = program_of(what)
        starts = [0, 2, -1, -1]
        rows = play(with_starts(what.request, starts, program.start_cost), 0, 20, with_roles=True)
        freed = program.freed[0, -1] + program.freed[1, -3]
        share = 1 - rows.of_role(0, "count").mean(axis=1)[-1] / 300
        assert share == pytest.approx(posts_saved(np.array(freed), 0.1), abs=0.02)
        assert rows.of_role(2, "released_fte").max() == 0
        assert rows.of_company("one_off")[7].min() >= 20_000
