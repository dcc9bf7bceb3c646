"""Redeployment plans over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient
from etter_simulation.planning import refusals
from etter_simulation.redeployment_plans import computation

from ..factories import clerk, guard
from ..simulations.following import body, follow

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]  # the engine may have to be compiled
PATH = "/redeployment-plans"


def asked(steps: int = 12, **more: Any) -> dict[str, Any]:
    assumptions = body(
        roles=[clerk(200), guard(100, monthly_quit=0.03)], steps=steps, automation_factor=0.9,
        adoption={"p": 5, "q": 5}, attrition={"monthly_quit": 0}, redeployment={"max_distance": 1},
    )  # fmt: skip
    return {"assumptions": assumptions, **more}


async def created(client: CheckedClient, **more: Any) -> dict[str, Any]:
    response = await client.post(PATH, json=asked(**more))
    assert response.status_code == 202, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestCreate:
    async def test_it_is_accepted_and_can_be_followed(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json=asked(name="Moves"))
        data = response.json()["data"]
        assert response.headers["location"] == f"/api/simulation/v1/redeployment-plans/{data['id']}"
        assert (data["status"], data["name"], data["steps"], data["iterations"]) == ("queued", "Moves", 12, 8)

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"max_out": 0}, "/body/max_out", "greater_than"),
            ({"max_in": 1.5}, "/body/max_in", "less_than_equal"),
            ({"risk": {"kappa": 2}}, "/body/risk/kappa", "less_than_equal"),
            ({"risk": {"idle_months": "NaN"}}, "/body/risk/idle_months", "number_type"),
            ({"plan": []}, "/body/plan", "extra_forbidden"),
            ({"assumptions": None}, "/body", "ONE_SUBJECT"),
        ],
    )
    async def test_what_is_wrong_is_named(
        self, client: CheckedClient, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        response = await client.post(PATH, json={**asked(), **change})
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        assert response.json()["errors"][0]["pointer"] == pointer
        assert response.json()["errors"][0]["code"] in {code, "finite_number", "greater_than_equal"}

    @pytest.mark.parametrize("steps", [0, 121])
    async def test_months_beyond_what_is_planned_for(self, client: CheckedClient, steps: int) -> None:
        response = await client.post(PATH, json=asked(steps=steps))
        assert (response.status_code, response.json()["code"]) == (422, "REDEPLOYMENT_PLAN_TOO_LARGE")

    async def test_more_scenarios_than_a_reserve_is_made_from(self, client: CheckedClient) -> None:
        what = asked(steps=1, risk={})
        what["assumptions"] |= {"roles": [clerk(role=f"r{at}") for at in range(21)], "n_iterations": 1000}
        response = await client.post(PATH, json=what)
        assert (response.status_code, response.json()["code"]) == (422, "REDEPLOYMENT_PLAN_TOO_LARGE")
        assert "roles × n_iterations" in response.json()["detail"]

    async def test_all_plays_together_are_limited_as_one_run(self, client: CheckedClient) -> None:
        what = asked()
        what["assumptions"]["n_iterations"] = 4000
        response = await client.post(PATH, json=what)
        assert (response.status_code, response.json()["code"]) == (422, "REDEPLOYMENT_PLAN_TOO_LARGE")

    async def test_a_simulation_that_is_not_there(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json={"simulation_id": str(UUID(int=1))})
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_SUBJECT")

    async def test_a_repeated_request_starts_one(self, client: CheckedClient) -> None:
        headers = {"idempotency-key": str(new_id())}
        first, again = [await client.post(PATH, json=asked(), headers=headers) for _ in range(2)]
        assert first.json() == again.json()


@pytest.mark.usefixtures("working")
class TestResult:
    async def test_a_plan_and_what_it_leads_to(self, client: CheckedClient) -> None:
        plan_id = (await created(client, risk={"kappa": 0.2}))["id"]
        assert (await follow(client, plan_id, of=PATH[1:]))[-1]["status"] == "succeeded"
        result = (await client.get(f"{PATH}/{plan_id}")).json()["data"]["result"]
        assert result["people"] > 0
        assert result["moves"][0]["source"] == "Clerk"
        assert result["reserve"]["kappa"] == 0.2
        figures = {one["figure"]: one for one in result["simulated"]}
        assert figures["moved_in"]["plan"]["p5"] <= figures["moved_in"]["plan"]["p95"] <= result["people"]
        assert (await client.post(f"{PATH}/{plan_id}/cancel")).json()["code"] == "JOB_NOT_CANCELLABLE"
        assert (await client.delete(f"{PATH}/{plan_id}")).status_code == 204
        assert (await client.get(f"{PATH}/{plan_id}")).json()["code"] == "REDEPLOYMENT_PLAN_NOT_FOUND"

    async def test_its_moves_can_be_simulated(self, client: CheckedClient) -> None:
        plan_id = (await created(client))["id"]
        await follow(client, plan_id, of=PATH[1:])
        found = await client.get(f"{PATH}/{plan_id}", params={"fields": "result.moves"})
        names = ("source", "target", "month", "people")
        moves = [{name: move[name] for name in names} for move in found.json()["data"]["result"]["moves"]]
        assumptions = asked()["assumptions"]
        assumptions["redeployment"] = {"enabled": True, "monthly_share": 1, "plan": moves}
        assert (await client.post("/simulations", json=assumptions)).status_code == 202

    async def test_a_plan_that_is_too_large_fails_with_its_code(self, client: CheckedClient) -> None:
        many = [clerk(50, role=f"Clerk {at}") for at in range(92)]
        many += [guard(50, role=f"Guard {at}", monthly_quit=0.05) for at in range(92)]
        what = asked(steps=120)
        what["assumptions"] |= {"roles": many, "n_iterations": 1}
        plan_id = (await client.post(PATH, json=what)).json()["data"]["id"]
        ended = (await follow(client, plan_id, of=PATH[1:]))[-1]
        assert (ended["status"], ended["error_code"]) == ("failed", "REDEPLOYMENT_PLAN_TOO_LARGE")
        assert "pairs of roles" in ended["error_detail"]


class TestComputation:
    def test_what_the_planner_refuses_leaves_the_process_as_a_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from etter_simulation.planning import redeployment

        def too_many(*_given: Any, **_terms: Any) -> dict[str, Any]:
            raise redeployment.TooManyPairs("7 pairs")

        monkeypatch.setattr(redeployment, "plan", too_many)
        payload = '{"request": {"automation_factor": 0.1, "roles": [' + _role() + ']}, "risk": null}'
        assert computation.plan(payload, 1, lambda _done: None) == refusals.Refused("7 pairs", is_too_large=True)


def _role() -> str:
    return '{"role": "a", "count": 1, "salary": 1, "workloads": [{"Name": "w", "Type": "Auto", "Skill": 1, "Time": 1}]}'
