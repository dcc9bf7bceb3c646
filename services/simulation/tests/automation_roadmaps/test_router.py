"""Automation roadmaps over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient
from etter_simulation.automation_roadmaps import computation
from etter_simulation.planning import automation, refusals, roadmap

from ..simulations.following import body, follow

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]  # the engine may have to be compiled
PATH = "/automation-roadmaps"


def asked(*, steps: int = 24, **more: Any) -> dict[str, Any]:
    assumptions = body(steps=steps, adoption={"p": 2, "q": 2})
    return {"assumptions": assumptions, "yearly_budget": [500_000], "start_cost": 10_000, "value": "time", **more}


async def created(client: CheckedClient, **more: Any) -> dict[str, Any]:
    response = await client.post(PATH, json=asked(**more))
    assert response.status_code == 202, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestCreate:
    async def test_it_is_accepted_and_can_be_followed(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json=asked(name="Two years"))
        data = response.json()["data"]
        assert response.headers["location"] == f"/api/simulation/v1/automation-roadmaps/{data['id']}"
        assert (data["status"], data["name"], data["steps"], data["seed"]) == ("queued", "Two years", 24, 7)

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"yearly_budget": []}, "/body/yearly_budget", "too_short"),
            ({"yearly_budget": [-1]}, "/body/yearly_budget/0", "greater_than_equal"),
            ({"yearly_budget": [1] * 11}, "/body/yearly_budget", "too_long"),
            ({"start_cost": 1e13}, "/body/start_cost", "less_than_equal"),
            ({"start_costs": [{"role": "Engineer", "workload": "Review", "cost": 1}]}, "/body/start_costs/0",
             "unknown_workload"),
            ({"value": "fun"}, "/body/value", "literal_error"),
            ({"max_fall_per_quarter": 0}, "/body/max_fall_per_quarter", "greater_than"),
            ({"time_limit_s": 121}, "/body/time_limit_s", "less_than_equal"),
        ],
    )  # fmt: skip
    async def test_what_is_wrong_is_named(
        self, client: CheckedClient, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        response = await client.post(PATH, json=asked(**change))
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        assert {"pointer": pointer, "code": code}.items() <= response.json()["errors"][0].items()

    @pytest.mark.parametrize("steps", [0, 25, 123])
    async def test_months_that_are_no_quarters_or_too_many(self, client: CheckedClient, steps: int) -> None:
        response = await client.post(PATH, json=asked(steps=steps))
        assert (response.status_code, response.json()["code"]) == (422, "AUTOMATION_ROADMAP_TOO_LARGE")

    async def test_all_plays_together_are_limited_as_one_run(self, client: CheckedClient) -> None:
        what = asked()
        what["assumptions"]["n_iterations"] = 6000
        response = await client.post(PATH, json=what)
        assert (response.status_code, response.json()["code"]) == (422, "AUTOMATION_ROADMAP_TOO_LARGE")

    async def test_a_repeated_request_starts_one(self, client: CheckedClient) -> None:
        headers = {"idempotency-key": str(new_id())}
        first, again = [await client.post(PATH, json=asked(), headers=headers) for _ in range(2)]
        assert first.json() == again.json()


@pytest.mark.usefixtures("working")
class TestResult:
    async def test_a_roadmap_and_what_it_leads_to(self, client: CheckedClient) -> None:
        roadmap_id = (await created(client))["id"]
        assert (await follow(client, roadmap_id, of=PATH[1:]))[-1]["status"] == "succeeded"
        result = (await client.get(f"{PATH}/{roadmap_id}")).json()["data"]["result"]
        assert len(result["starts"]) == 4
        assert result["starts"][0]["quarter"] is not None
        assert result["bound"] >= result["objective"] > 0
        assert all(line["spent_so_far"] <= line["budget_so_far"] + 0.01 for line in result["spending"])
        figures = {one["figure"]: one for one in result["simulated"]}
        assert figures["freed_value"]["difference"]["p5"] > 0
        assert (await client.post(f"{PATH}/{roadmap_id}/cancel")).json()["code"] == "JOB_NOT_CANCELLABLE"
        assert (await client.delete(f"{PATH}/{roadmap_id}")).status_code == 204
        assert (await client.get(f"{PATH}/{roadmap_id}")).json()["code"] == "AUTOMATION_ROADMAP_NOT_FOUND"


class TestComputation:
    @pytest.mark.parametrize(
        ("raised", "is_too_large"), [(automation.TooManyChoices("x"), True), (roadmap.RoadmapNotSolved("x"), False)]
    )
    def test_what_the_planner_refuses_leaves_the_process_as_a_reason(
        self, monkeypatch: pytest.MonkeyPatch, raised: Exception, is_too_large: bool
    ) -> None:
        def refuse(*_given: Any, **_terms: Any) -> dict[str, Any]:
            raise raised

        monkeypatch.setattr(automation, "plan", refuse)
        payload = (
            '{"request": {"automation_factor": 0.1, "roles": [{"role": "a", "count": 1, "salary": 1, "workloads": '
            '[{"Name": "w", "Type": "Auto", "Skill": 1, "Time": 1}]}]}, "budget": [1], "start_cost": 0, '
            '"start_costs": [], "value": "time", "max_fall": 1, "time_limit_s": 1}'
        )
        assert computation.plan(payload, 1, lambda _done: None) == refusals.Refused("x", is_too_large=is_too_large)
