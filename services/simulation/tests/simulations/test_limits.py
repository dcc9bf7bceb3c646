"""How many simulations a company may have; no worker takes any here."""

from __future__ import annotations

import pytest

from etter_common.testing.client import CheckedClient

from .following import body

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]
ACTIVE, STORED = 20, 30
"""The tests' settings."""


async def ask(client: CheckedClient, seed: int) -> str:
    response = await client.post("/simulations", json=body(seed=seed))
    found: str = response.json()["data"]["id"] if response.status_code == 202 else response.json()["code"]
    return found


class TestLimits:
    async def test_more_under_way_than_the_limit_are_refused(self, client: CheckedClient) -> None:
        ids = [await ask(client, seed) for seed in range(ACTIVE)]
        assert await ask(client, ACTIVE) == "TOO_MANY_ACTIVE_SIMULATIONS"
        assert (await client.post("/simulations", json=body(seed=99))).status_code == 409
        await client.post(f"/simulations/{ids[0]}/cancel")
        assert await ask(client, ACTIVE) != "TOO_MANY_ACTIVE_SIMULATIONS"

    async def test_more_in_all_than_the_limit_are_refused_until_one_is_deleted(self, client: CheckedClient) -> None:
        ids = []
        for seed in range(STORED):
            ids.append(await ask(client, seed))
            await client.post(f"/simulations/{ids[-1]}/cancel")
        assert await ask(client, STORED) == "TOO_MANY_STORED_SIMULATIONS"
        assert (await client.delete(f"/simulations/{ids[0]}")).status_code == 204
        assert await ask(client, STORED) != "TOO_MANY_STORED_SIMULATIONS"
