"""Explanations over HTTP."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import pytest

from etter_common.testing.client import CheckedClient

from ..simulations.following import body, simulated

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]  # the engine may have to be compiled


async def explained(client: CheckedClient, simulation_id: str, **params: Any) -> dict[str, Any]:
    response = await client.get(f"/simulations/{simulation_id}/explanation", params=params)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


@pytest.mark.usefixtures("working")
class TestExplain:
    async def test_freed_time_by_role_and_by_workload(self, client: CheckedClient) -> None:
        data = await explained(client, await simulated(client), metric="released_fte", month=24)
        whole = data["figure"]["mean"]
        for what in (data["by_role"], data["by_workload"]):
            parts = [part["value"] for part in what["parts"]]
            assert math.fsum([*parts, what["others"], what["rest"]]) == pytest.approx(whole, rel=1e-12)
            assert abs(what["rest"]) < 1e-6
        assert [part["name"] for part in data["by_role"]["parts"]] == ["Engineer", "Marketing"]
        assert len(data["by_workload"]["parts"]) == 4
        assert data["parameters"]["expected"] == pytest.approx(whole, rel=0.2)

    async def test_bridges_of_the_net(self, client: CheckedClient) -> None:
        data = await explained(client, await simulated(client), metric="attributed_cum_net")
        assert data["figure"]["month"] == 24
        gross, attributed = data["bridges"]
        assert (attributed["ends_in"], attributed["total"]) == ("attributed_cum_net", data["figure"]["mean"])
        for bridge in (gross, attributed):
            assert math.fsum(step["value"] for step in bridge["steps"]) == pytest.approx(bridge["total"], rel=1e-12)
        assert data["by_role"] is None
        largest = data["parameters"]["one_at_a_time"][0]
        assert max(abs(largest["at_low"]), abs(largest["at_high"])) > 0

    async def test_a_role(self, client: CheckedClient) -> None:
        simulation_id = await simulated(client, counterfactual=False)
        data = await explained(client, simulation_id, metric="count", role="Marketing", month=12)
        assert (data["figure"]["role"], data["by_workload"]) == ("Marketing", None)
        assert [bridge["kind"] for bridge in data["bridges"]] == ["role"]
        assert any("counterfactual" in limit for limit in data["limits"])

    async def test_the_smallest_parts_are_added_up(self, client: CheckedClient) -> None:
        data = await explained(client, await simulated(client), metric="heads", limit=1)
        assert len(data["by_role"]["parts"]) == 1
        assert data["by_role"]["others"] > 0

    @pytest.mark.parametrize(
        ("params", "pointer"),
        [
            ({"metric": "happiness"}, "/query/metric"),
            ({"metric": "count"}, "/query/metric"),
            ({"metric": "heads", "role": "Engineer"}, "/query/metric"),
            ({"metric": "heads", "role": "King"}, "/query/role"),
            ({"metric": "heads", "month": 25}, "/query/month"),
        ],
    )
    async def test_what_is_not_there(self, client: CheckedClient, params: dict[str, Any], pointer: str) -> None:
        simulation_id = await simulated(client)
        response = await client.get(f"/simulations/{simulation_id}/explanation", params=params)
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_FIGURE")
        assert response.json()["errors"][0]["pointer"] == pointer

    async def test_a_second_read_needs_no_query_and_fields_narrow_it(self, client: CheckedClient) -> None:
        path = f"/simulations/{await simulated(client)}/explanation"
        params = {"metric": "heads", "fields": "figure.mean,limits"}
        first = await client.get(path, params=params)
        assert set(first.json()["data"]) == {"figure", "limits"}
        again = await client.get(path, params=params, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, client.last_statements) == (304, [])


class TestUnfinished:
    async def test_nothing_is_explained_before_the_end(self, client: CheckedClient) -> None:
        created = await client.post("/simulations", json=body(n_iterations=10_000, steps=100))
        simulation_id = created.json()["data"]["id"]
        response = await client.get(f"/simulations/{simulation_id}/explanation", params={"metric": "heads"})
        assert (response.status_code, response.json()["code"]) == (409, "SIMULATION_NOT_FINISHED")
        await client.delete(f"/simulations/{simulation_id}")

    async def test_an_unknown_simulation(self, client: CheckedClient) -> None:
        response = await client.get(f"/simulations/{UUID(int=1)}/explanation", params={"metric": "heads"})
        assert (response.status_code, response.json()["code"]) == (404, "SIMULATION_NOT_FOUND")
