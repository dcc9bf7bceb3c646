"""Sensitivity analyses over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient

from ..factories import engineer, guard
from ..simulations.following import body, follow

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]  # the engine may have to be compiled
PATH = "/sensitivity-analyses"
TWO = [
    {"parameter": "automation_factor", "low": 0.14, "high": 0.4},
    {"parameter": "adoption.q", "low": 0.2, "high": 0.8},
]


def asked(**more: Any) -> dict[str, Any]:
    return {"assumptions": body(), "parameters": TWO, "samples": 16, "iterations": 2, **more}


async def created(client: CheckedClient, **more: Any) -> dict[str, Any]:
    response = await client.post(PATH, json=asked(**more))
    assert response.status_code == 202, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def analysed(client: CheckedClient, **more: Any) -> dict[str, Any]:
    analysis_id = (await created(client, **more))["id"]
    assert (await follow(client, analysis_id, of=PATH[1:]))[-1]["status"] == "succeeded"
    data: dict[str, Any] = (await client.get(f"{PATH}/{analysis_id}")).json()["data"]
    return data


class TestCreate:
    async def test_it_is_accepted_and_can_be_followed(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json=asked(name="Drivers"))
        data = response.json()["data"]
        assert response.headers["location"] == f"/api/simulation/v1/sensitivity-analyses/{data['id']}"
        assert (data["status"], data["method"], data["evaluations"]) == ("queued", "sobol", 16 * 4)
        assert (data["parameters"], data["seed"], data["simulation_id"]) == (TWO, 7, None)

    async def test_of_a_simulation_that_is_stored(self, client: CheckedClient) -> None:
        simulation_id = (await client.post("/simulations", json=body(seed=9))).json()["data"]["id"]
        data = await created(client, assumptions=None, simulation_id=simulation_id)
        assert (data["simulation_id"], data["seed"]) == (simulation_id, 9)

    async def test_by_default_every_parameter_that_has_a_range_and_plays_a_part(self, client: CheckedClient) -> None:
        names = {one["parameter"] for one in (await created(client, parameters=None))["parameters"]}
        assert {"automation_factor", "adoption.p", "consolidation.threshold", "attrition.monthly_quit"} <= names
        assert "costs.reskill" not in names  # nobody is redeployed
        own = body(roles=[guard(monthly_quit=0.01)], redeployment={"enabled": True})
        names = {one["parameter"] for one in (await created(client, parameters=None, assumptions=own))["parameters"]}
        assert "costs.reskill" in names
        assert "attrition.monthly_quit" not in names

    async def test_many_parameters_are_screened(self, client: CheckedClient) -> None:
        names = ("mixing", "p", "q", "skill_drag")
        many = [{"parameter": f"adoption.{name}", "low": 0.1, "high": 0.2} for name in names]
        costs = ("on_cost", "hire", "reskill", "severance_months", "discount_rate", "licence_per_seat_month")
        many += [{"parameter": f"costs.{name}", "low": 0.1, "high": 0.2} for name in costs]
        others = ("consolidation.threshold", "ramp.productivity", "layoffs.monthly_share", "attrition.monthly_quit",
                  "learning.saving_while_learning", "redeployment.monthly_share")  # fmt: skip
        many += [{"parameter": name, "low": 0.1, "high": 0.2} for name in others]
        data = await created(client, parameters=many, trajectories=5)
        assert (data["method"], data["evaluations"]) == ("morris", 5 * 17)
        assert (await created(client, parameters=many[:15]))["method"] == "sobol"

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"parameters": [{"parameter": "adoption.r", "low": 0, "high": 1}]}, "/body/parameters/0/parameter",
             "UNKNOWN_PARAMETER"),
            ({"parameters": [TWO[0], TWO[0]]}, "/body/parameters", "DUPLICATE_PARAMETER"),
            ({"parameters": [{**TWO[0], "low": 0.5}]}, "/body/parameters", "EMPTY_RANGE"),
            ({"parameters": [TWO[1], {**TWO[0], "high": 1.5}]}, "/body/parameters/1/high", "less_than_equal"),
            ({"parameters": [{**TWO[0], "high": "NaN"}]}, "/body/parameters/0/high", "number_type"),
            ({"parameters": []}, "/body/parameters", "too_short"),
            ({"samples": 100}, "/body/samples", "literal_error"),
            ({"iterations": 65}, "/body/iterations", "less_than_equal"),
            ({"months": [25]}, "/body/months", "month_beyond_end"),
            ({"outputs": [{"metric": "happiness"}]}, "/body/outputs/0/metric", "UNKNOWN_METRIC"),
            ({"outputs": [{"metric": "count"}]}, "/body/outputs/0/metric", "unknown_metric"),
            ({"outputs": [{"metric": "count", "role": "King"}]}, "/body/outputs/0/role", "unknown_role"),
            ({"simulation_id": str(UUID(int=1))}, "/body", "ONE_SUBJECT"),
            ({"assumptions": None}, "/body", "ONE_SUBJECT"),
            ({"assumptions": body(roles=[engineer(), engineer()])}, "/body/assumptions/roles", "DUPLICATE_ROLE"),
        ],
    )  # fmt: skip
    async def test_what_is_wrong_is_named(
        self, client: CheckedClient, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        response = await client.post(PATH, json=asked(**change))
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        assert {"pointer": pointer, "code": code}.items() <= response.json()["errors"][0].items()

    async def test_a_simulation_that_is_not_there(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json=asked(assumptions=None, simulation_id=str(UUID(int=1))))
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_SUBJECT")

    async def test_more_than_the_deployments_limit(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json=asked(samples=2048, iterations=8))
        assert (response.status_code, response.json()["code"]) == (422, "SENSITIVITY_ANALYSIS_TOO_LARGE")
        assert response.json()["errors"][0]["pointer"] == "/body/samples"

    async def test_a_repeated_request_starts_one(self, client: CheckedClient) -> None:
        headers = {"idempotency-key": str(new_id())}
        first, again = [await client.post(PATH, json=asked(), headers=headers) for _ in range(2)]
        assert first.json() == again.json()

    @pytest.mark.principal("viewer")
    async def test_a_viewer_may_not(self, client: CheckedClient) -> None:
        assert (await client.post(PATH, json=asked())).status_code == 403


class TestList:
    async def test_newest_first_without_figures(self, client: CheckedClient) -> None:
        made = [(await created(client, name=f"n{i}"))["id"] for i in range(2)]
        rows = (await client.get(PATH, params={"limit": 2})).json()["data"]
        assert [row["id"] for row in rows] == made[::-1]
        assert "result" not in rows[0]


@pytest.mark.usefixtures("working")
class TestResult:
    async def test_indices_of_every_output_in_every_month(self, client: CheckedClient) -> None:
        outputs = [{"metric": "attributed_cum_net"}, {"metric": "released_fte", "role": "Engineer"}]
        data = await analysed(client, outputs=outputs, months=[24, 12])
        assert [(one["metric"], one["role"]) for one in data["result"]["outputs"]] == [
            ("attributed_cum_net", None), ("released_fte", "Engineer"),
        ]  # fmt: skip
        at = data["result"]["outputs"][1]["at"]
        assert [one["month"] for one in at] == [12, 24]
        assert [one["parameter"] for one in at[1]["indices"]] == ["automation_factor", "adoption.q"]
        factor = at[1]["indices"][0]["total"]
        assert factor["low"] <= factor["value"] <= factor["high"]
        assert factor["value"] > 0.3
        assert at[1]["effects"] is None

    async def test_effects_of_screening(self, client: CheckedClient) -> None:
        data = await analysed(client, method="morris", trajectories=4)
        at = data["result"]["outputs"][1]["at"][-1]
        assert at["indices"] is None
        assert at["effects"][0]["mean"] > 0

    async def test_fields_narrow_it(self, client: CheckedClient) -> None:
        analysis_id = (await analysed(client))["id"]
        found = await client.get(f"{PATH}/{analysis_id}", params={"fields": "status,result.outputs.metric"})
        metrics = ["attributed_cum_net", "released_fte", "heads"]
        assert found.json()["data"] == {
            "status": "succeeded",
            "result": {"outputs": [{"metric": metric} for metric in metrics]},
        }

    async def test_a_finished_one_cannot_be_cancelled_but_deleted(self, client: CheckedClient) -> None:
        path = f"{PATH}/{(await analysed(client))['id']}"
        assert (await client.post(f"{path}/cancel")).json()["code"] == "JOB_NOT_CANCELLABLE"
        assert (await client.delete(path)).status_code == 204
        response = await client.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "SENSITIVITY_ANALYSIS_NOT_FOUND")


@pytest.mark.usefixtures("working")
class TestCancel:
    async def test_waiting_or_running_it_ends(self, client: CheckedClient) -> None:
        analysis_id = (await created(client, samples=1024, iterations=4))["id"]
        assert (await client.post(f"{PATH}/{analysis_id}/cancel")).status_code == 202
        assert (await follow(client, analysis_id, of=PATH[1:]))[-1]["status"] == "cancelled"
