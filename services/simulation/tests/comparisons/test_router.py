"""Comparisons over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient

from ..factories import engineer, marketing
from ..simulations.following import body, follow

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]  # the engine may have to be compiled
PATH = "/comparisons"


async def asked(client: CheckedClient, **more: Any) -> str:
    """The id of a simulation that may never have been played."""
    simulation_id: str = (await client.post("/simulations", json=body(**more))).json()["data"]["id"]
    return simulation_id


async def alternatives(client: CheckedClient, *changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"simulation_id": await asked(client, **change)} for change in changes]


async def two(client: CheckedClient) -> list[dict[str, Any]]:
    return await alternatives(client, {"name": "Half"}, {"name": "Less", "automation_factor": 0.3})


async def kept(client: CheckedClient, **more: Any) -> str:
    """The id of a scenario."""
    given = {"automation_factor": 0.3, "steps": 24, "n_iterations": 8, "seed": 7}
    body = {"name": str(new_id()), "assumptions": given, "roles": [engineer(), marketing()], **more}
    scenario_id: str = (await client.post("/scenarios", json=body)).json()["data"]["id"]
    return scenario_id


async def compared(client: CheckedClient, wanted: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A comparison that has succeeded."""
    response = await client.post(PATH, json={"alternatives": wanted, **more})
    assert response.status_code == 202, response.text
    comparison_id = response.json()["data"]["id"]
    assert (await follow(client, comparison_id, of="comparisons"))[-1]["status"] == "succeeded"
    data: dict[str, Any] = (await client.get(f"{PATH}/{comparison_id}")).json()["data"]
    return data


class TestCreate:
    async def test_it_is_accepted_and_can_be_followed(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json={"name": "Which", "alternatives": await two(client)})
        data = response.json()["data"]
        assert response.status_code == 202
        assert response.headers["location"] == f"/api/simulation/v1/comparisons/{data['id']}"
        assert (data["status"], data["name"], data["seed"], data["baseline"]) == ("queued", "Which", 7, 0)
        assert [one["label"] for one in data["alternatives"]] == ["Half", "Less"]

    async def test_different_seeds_iterations_and_months_become_one(self, client: CheckedClient) -> None:
        wanted = await alternatives(client, {"seed": 1, "n_iterations": 5}, {"seed": 2, "steps": 12})
        data = (await client.post(PATH, json={"alternatives": wanted})).json()["data"]
        assert (data["iterations"], data["steps"]) == (8, 12)
        assert data["seed"] not in (1, 2)
        assert [one["seed_before"] for one in data["alternatives"]] == [1, 2]

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"alternatives": [{"simulation_id": str(new_id())}]}, "/body/alternatives", "too_short"),
            ({"alternatives": [{"simulation_id": str(new_id())}] * 6}, "/body/alternatives", "too_long"),
            ({"alternatives": [{}, {}]}, "/body/alternatives/0", "NOT_ONE_ALTERNATIVE"),
            (
                {"alternatives": [{"simulation_id": str(new_id()), "version": 1}] * 2},
                "/body/alternatives/0",
                "VERSION_WITHOUT_SCENARIO",
            ),
            ({"baseline": 2}, "/body", "UNKNOWN_BASELINE"),
            ({"n_iterations": 1}, "/body/n_iterations", "greater_than_equal"),
            ({"months": [25]}, "/body/months", "month_beyond_end"),
            ({"months": list(range(25))}, "/body/months", "too_long"),
        ],
    )
    async def test_what_is_wrong_is_named(
        self, client: CheckedClient, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        response = await client.post(PATH, json={"alternatives": await two(client), **change})
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        assert {"pointer": pointer, "code": code}.items() <= response.json()["errors"][0].items()

    async def test_a_simulation_that_is_not_there(self, client: CheckedClient) -> None:
        wanted = [*await two(client), {"simulation_id": str(UUID(int=1))}]
        response = await client.post(PATH, json={"alternatives": wanted})
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_ALTERNATIVE")
        assert response.json()["errors"][0]["pointer"] == "/body/alternatives/2/simulation_id"

    async def test_a_scenario_version_that_is_not_there(self, client: CheckedClient) -> None:
        scenario_id = await kept(client)
        wanted = [{"scenario_id": scenario_id}, {"scenario_id": scenario_id, "version": 2}]
        response = await client.post(PATH, json={"alternatives": wanted})
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_ALTERNATIVE")
        assert response.json()["errors"][0]["pointer"] == "/body/alternatives/1/scenario_id"

    async def test_current_roles_are_those_of_the_simulation_beside_it(self, client: CheckedClient) -> None:
        wanted = [{"scenario_id": await kept(client, roles="current")}, {"simulation_id": await asked(client)}]
        assert (await client.post(PATH, json={"alternatives": wanted})).status_code == 202

    async def test_current_roles_alone_need_published_profiles(self, client: CheckedClient) -> None:
        wanted = [{"scenario_id": await kept(client, roles="current")}] * 2
        response = await client.post(PATH, json={"alternatives": wanted})
        assert (response.status_code, response.json()["code"]) == (409, "NO_ROLE_PROFILES")

    async def test_several_currencies(self, client: CheckedClient) -> None:
        wanted = await alternatives(client, {"currency": "EUR"}, {"currency": "USD"})
        response = await client.post(PATH, json={"alternatives": wanted})
        assert (response.status_code, response.json()["code"]) == (422, "ALTERNATIVES_IN_SEVERAL_CURRENCIES")

    async def test_all_together_are_limited_as_one_run(self, client: CheckedClient) -> None:
        wanted = await alternatives(client, *[{"n_iterations": 5000, "steps": 12}] * 3)
        response = await client.post(PATH, json={"alternatives": wanted})
        assert (response.status_code, response.json()["code"]) == (422, "COMPARISON_TOO_LARGE")

    async def test_agents_are_counted_by_heads(self, client: CheckedClient) -> None:
        wanted = await alternatives(client, *[{"engine": "agent", "n_iterations": 30}] * 2)
        response = await client.post(PATH, json={"alternatives": wanted})
        assert (response.status_code, response.json()["code"]) == (422, "COMPARISON_TOO_LARGE")
        assert "heads × n_iterations" in response.json()["detail"]

    async def test_more_months_than_money_allows(self, client: CheckedClient) -> None:
        rich = [engineer(9_000_000, salary=100_000_000)]
        wanted = await alternatives(client, *[{"roles": rich, "steps": 1}] * 2)
        response = await client.post(PATH, json={"alternatives": wanted, "steps": 600})
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/body/steps")

    async def test_a_repeated_request_starts_one(self, client: CheckedClient) -> None:
        headers, wanted = {"idempotency-key": str(new_id())}, {"alternatives": await two(client)}
        first, again = [await client.post(PATH, json=wanted, headers=headers) for _ in range(2)]
        assert first.json() == again.json()

    @pytest.mark.principal("viewer")
    async def test_a_viewer_may_not(self, client: CheckedClient) -> None:
        wanted = [{"simulation_id": str(new_id())}] * 2
        assert (await client.post(PATH, json={"alternatives": wanted})).status_code == 403


class TestList:
    async def test_pages_are_newest_first_without_figures(self, client: CheckedClient) -> None:
        wanted = await two(client)
        made = [
            (await client.post(PATH, json={"alternatives": wanted, "name": f"n{i}"})).json()["data"]["id"]
            for i in range(3)
        ]
        first = (await client.get(PATH, params={"limit": 2, "include_total": True})).json()
        rest = (await client.get(PATH, params={"limit": 2, "cursor": first["meta"]["next_cursor"]})).json()
        assert [row["id"] for row in first["data"] + rest["data"]] == made[::-1]
        assert first["meta"]["total"] == 3
        assert "result" not in first["data"][0]

    async def test_filter_and_fields(self, client: CheckedClient) -> None:
        await client.post(PATH, json={"alternatives": await two(client)})
        assert (await client.get(PATH, params={"status": "failed"})).json()["data"] == []
        (row,) = (await client.get(PATH, params={"fields": "seed,alternatives.label"})).json()["data"]
        assert row == {"seed": 7, "alternatives": [{"label": "Half"}, {"label": "Less"}]}


@pytest.mark.usefixtures("working")
class TestResult:
    async def test_every_pair_at_every_month(self, client: CheckedClient) -> None:
        data = await compared(client, await two(client), months=[12])
        assert data["progress"] == 1
        (pair,) = data["result"]["pairs"]
        assert (pair["baseline"], pair["alternative"]) == (0, 1)
        outputs = {output["output"]: output for output in pair["outputs"]}
        assert [figure["month"] for figure in outputs["heads"]["at"]] == [12, 24]
        released = outputs["released_fte"]["at"][1]
        assert released["mean_difference"] < 0
        assert (released["n"], released["probability_better"]) == (8, released["probability_higher"])
        assert outputs["heads"]["at"][0]["probability_better"] is None
        assert len(data["result"]["alternatives"]) == 2

    async def test_a_scenario_is_as_good_as_the_simulation_of_it(self, client: CheckedClient) -> None:
        scenario_id = await kept(client)
        wanted = [*await alternatives(client, {"automation_factor": 0.3}), {"scenario_id": scenario_id, "version": 1}]
        data = await compared(client, wanted)
        assert [(one["kind"], one["version"]) for one in data["alternatives"]] == [
            ("simulation", None),
            ("scenario", 1),
        ]
        figures = [figure for output in data["result"]["pairs"][0]["outputs"] for figure in output["at"]]
        assert {figure["probability_higher"] for figure in figures} == {0}
        assert {figure["probability_lower"] for figure in figures} == {0}

    async def test_the_named_baseline_comes_first(self, client: CheckedClient) -> None:
        wanted = await alternatives(client, *({"automation_factor": a} for a in (0.2, 0.3, 0.4)))
        pairs = (await compared(client, wanted, baseline=2))["result"]["pairs"]
        assert [(pair["baseline"], pair["alternative"]) for pair in pairs] == [(2, 0), (2, 1), (0, 1)]

    async def test_a_simulations_figures_are_those_of_its_own_run(self, client: CheckedClient) -> None:
        wanted = await two(client)
        await follow(client, wanted[0]["simulation_id"])
        own = await client.get(f"/simulations/{wanted[0]['simulation_id']}/results", params={"fields": "company.heads"})
        data = await compared(client, wanted)
        heads = next(out for out in data["result"]["alternatives"][0]["outputs"] if out["output"] == "heads")
        assert heads["at"][-1]["p50"] == own.json()["data"]["company"]["heads"]["p50"][24]

    async def test_it_can_be_narrowed_and_needs_no_second_body(self, client: CheckedClient) -> None:
        comparison_id = (await compared(client, await two(client)))["id"]
        params = {"fields": "result.pairs.payback.probability_earlier"}
        found = await client.get(f"{PATH}/{comparison_id}", params=params)
        assert list(found.json()["data"]["result"]["pairs"][0]["payback"]) == ["probability_earlier"]
        again = await client.get(
            f"{PATH}/{comparison_id}", params=params, headers={"if-none-match": found.headers["etag"]}
        )
        assert again.status_code == 304

    async def test_one_that_has_ended_cannot_be_cancelled(self, client: CheckedClient) -> None:
        comparison_id = (await compared(client, await two(client)))["id"]
        response = await client.post(f"{PATH}/{comparison_id}/cancel")
        assert (response.status_code, response.json()["code"]) == (409, "JOB_NOT_CANCELLABLE")


class TestEnd:
    async def test_one_that_waits_is_cancelled_at_once(self, client: CheckedClient) -> None:
        comparison_id = (await client.post(PATH, json={"alternatives": await two(client)})).json()["data"]["id"]
        response = await client.post(f"{PATH}/{comparison_id}/cancel")
        if response.status_code != 409:  # a worker of another test may have been quicker
            assert response.json()["data"]["status"] in ("cancelled", "running")

    async def test_a_deleted_one_is_gone(self, client: CheckedClient) -> None:
        comparison_id = (await client.post(PATH, json={"alternatives": await two(client)})).json()["data"]["id"]
        assert (await client.delete(f"{PATH}/{comparison_id}")).status_code == 204
        for path in ("", "/events"):
            response = await client.get(f"{PATH}/{comparison_id}{path}")
            assert (response.status_code, response.json()["code"]) == (404, "COMPARISON_NOT_FOUND")
