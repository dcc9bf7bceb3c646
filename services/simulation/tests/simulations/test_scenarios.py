"""Simulations of scenarios: asked for by their id instead of all they assume."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient

from ..factories import engineer, marketing
from ..scenarios.test_router import change, made, publish

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]
ASSUMED: dict[str, Any] = {"automation_factor": 0.3, "n_iterations": 8, "steps": 24, "seed": 7, "adoption": {"p": 0.05}}


async def asked(client: CheckedClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/simulations", json=body)
    assert response.status_code == 202, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestCreate:
    async def test_it_assumes_what_the_scenario_says(self, client: CheckedClient) -> None:
        scenario = await made(client, assumptions=ASSUMED)
        data = await asked(client, scenario_id=scenario["id"], name="Careful run")
        assert (data["source"], data["roles"], data["automation_factor"]) == ("scenario", 2, 0.3)
        assert (data["scenario_id"], data["scenario_version"], data["name"]) == (scenario["id"], 1, "Careful run")
        assert (data["iterations"], data["steps"], data["seed"]) == (8, 24, 7)

    async def test_what_the_request_says_itself_goes_before(self, client: CheckedClient, ctx: Context) -> None:
        scenario = await made(client, assumptions=ASSUMED)
        own = {"n_iterations": 9, "adoption": {"q": 0.6}, "roles": [engineer(40)]}
        data = await asked(client, scenario_id=scenario["id"], **own)
        assert (data["iterations"], data["steps"], data["roles"], data["source"]) == (9, 24, 1, "explicit")
        wanted = [{"simulation_id": data["id"]}, {"scenario_id": scenario["id"]}]
        assert (await client.post("/comparisons", json={"alternatives": wanted})).status_code == 202

    async def test_a_version_is_played_as_it_was(self, client: CheckedClient) -> None:
        scenario = await made(client, assumptions=ASSUMED)
        await change(client, scenario, assumptions={"automation_factor": 0.9}, roles=[marketing()])
        old = await asked(client, scenario_id=scenario["id"], scenario_version=1)
        new = await asked(client, scenario_id=scenario["id"])
        assert [(one["scenario_version"], one["automation_factor"], one["roles"]) for one in (old, new)] == [
            (1, 0.3, 2),
            (2, 0.9, 1),
        ]

    async def test_current_roles_are_those_of_now(self, client: CheckedClient, ctx: Context) -> None:
        scenario = await made(client, assumptions=ASSUMED, roles="current")
        missing = await client.post("/simulations", json={"scenario_id": scenario["id"]})
        assert (missing.status_code, missing.json()["code"]) == (409, "NO_ROLE_PROFILES")
        await publish(ctx, new_id(), title="Clerk")
        await publish(ctx, new_id(), title="Unpaid", salary=None)
        data = await asked(client, scenario_id=scenario["id"])
        assert (data["source"], data["roles"]) == ("current", 1)
        assert data["left_out"] == [{"role": "Unpaid", "reason": "no salary is known"}]

    async def test_frozen_roles_stay(self, client: CheckedClient, ctx: Context) -> None:
        await publish(ctx, new_id(), title="Clerk")
        scenario = await made(client, assumptions=ASSUMED, roles="frozen")
        await publish(ctx, new_id(), title="Another")
        assert (await asked(client, scenario_id=scenario["id"]))["roles"] == 1

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({}, "/body/automation_factor", "missing"),
            ({"scenario_version": 1}, "/body/automation_factor", "missing"),
            ({"automation_factor": 0.1, "roles": "current", "scenario_version": 1}, "/body/scenario_version",
             "VERSION_WITHOUT_SCENARIO"),
            ({"scenario_id": str(new_id()), "steps": 601}, "/body/steps", "less_than_equal"),
        ],
    )  # fmt: skip
    async def test_what_is_wrong_is_named(
        self, client: CheckedClient, body: dict[str, Any], pointer: str, code: str
    ) -> None:
        response = await client.post("/simulations", json=body)
        assert response.status_code == 422
        assert {"pointer": pointer, "code": code}.items() <= response.json()["errors"][0].items()

    async def test_a_scenario_that_is_not_there(self, client: CheckedClient) -> None:
        response = await client.post("/simulations", json={"scenario_id": str(UUID(int=1))})
        assert (response.status_code, response.json()["code"]) == (404, "SCENARIO_NOT_FOUND")
        scenario = await made(client)
        response = await client.post("/simulations", json={"scenario_id": scenario["id"], "scenario_version": 2})
        assert (response.status_code, response.json()["code"]) == (404, "SCENARIO_VERSION_NOT_FOUND")
