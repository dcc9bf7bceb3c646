"""Previews over HTTP: expected values at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient
from etter_simulation.engine.metrics import ENGINE_VERSIONS
from etter_simulation.role_profiles import handlers

from ..factories import BUSY, engineer, guard, marketing
from ..role_profiles.test_handlers import published
from .following import body

pytestmark = pytest.mark.principal("analyst")


async def previewed(client: CheckedClient, params: dict[str, str | int] | None = None, **more: Any) -> dict[str, Any]:
    response = await client.post("/simulations/preview", json=body(**more), params=params or {})
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestPreview:
    async def test_it_says_what_it_is(self, client: CheckedClient) -> None:
        data = await previewed(client, adoption={"q": 0.5})
        assert (data["engine"], data["engine_version"]) == ("mean_field", ENGINE_VERSIONS["mean_field"])
        assert "1/headcount" in data["bias"]
        assert (data["mode"], data["automation_factor"], data["currency"], data["steps"]) == ("ceiling", 0.5, "USD", 24)
        basis = {line["parameter"]: line["basis"] for line in data["assumptions"]}
        assert (basis["adoption.q"], basis["adoption.p"]) == ("given", "source")

    async def test_its_engine_may_be_named_with_a_scenario_too(self, client: CheckedClient) -> None:
        given = {"name": str(new_id()), "assumptions": {"automation_factor": 0.5}, "roles": [engineer()]}
        scenario = (await client.post("/scenarios", json=given)).json()["data"]
        asked = {"scenario_id": scenario["id"], "engine": "mean_field"}
        response = await client.post("/simulations/preview", json=asked)
        assert response.status_code == 200, response.text
        assert response.json()["data"]["engine"] == "mean_field"

    async def test_it_has_series_of_company_and_roles_and_the_money(self, client: CheckedClient) -> None:
        data = await previewed(client)
        assert data["months"] == list(range(25))
        assert data["company"]["heads"][0] == 400
        assert data["company"]["released_fte"][24] > data["company"]["released_fte"][12] > 0
        assert [role["role"] for role in data["roles"]] == ["Engineer", "Marketing"]
        assert data["roles"][0]["count"][0] == 300
        assert data["roles"][0]["total_salary_of_employee"][0] == 300 * 80_000
        assert len(data["roles"][1]["avg_time_per_employee"]) == 25
        assert data["summary"]["at_end"]["attributed"] is True
        assert data["summary"]["at_end"]["released_fte"] == pytest.approx(data["company"]["released_fte"][24], abs=1e-5)

    async def test_nothing_is_kept(self, client: CheckedClient) -> None:
        await previewed(client)
        assert (await client.get("/simulations")).json()["data"] == []

    @pytest.mark.parametrize(
        "change", [{"engine": "agent"}, {"engine": "mean_field"}, {"n_iterations": 1}, {"seed": 1}]
    )
    async def test_what_is_about_chance_plays_no_part(self, client: CheckedClient, change: dict[str, Any]) -> None:
        assert await previewed(client, **change) == await previewed(client)

    async def test_it_can_be_narrowed(self, client: CheckedClient) -> None:
        data = await previewed(client, {"every": 10, "fields": "months,company.heads,roles.role"})
        assert data["months"] == [0, 10, 20, 24]
        assert len(data["company"]["heads"]) == 4
        assert (set(data["company"]), data["roles"]) == ({"heads"}, [{"role": "Engineer"}, {"role": "Marketing"}])

    async def test_without_counterfactual_nothing_is_attributed(self, client: CheckedClient) -> None:
        data = await previewed(client, counterfactual=False)
        assert data["company"]["attributed_cum_net"] is None
        assert data["summary"]["at_end"]["attributed"] is False

    async def test_a_role_without_people_has_null_averages(self, client: CheckedClient) -> None:
        data = await previewed(client, roles=[engineer(0)])
        assert set(data["roles"][0]["avg_time_per_employee"]) == {None}
        assert set(data["company"]["automation"]) == {None}

    async def test_current_roles_are_the_companys_own(self, client: CheckedClient, ctx: Context) -> None:
        role_id = new_id()
        await handlers.take_over(ctx, published(role_id, company_id=ctx.company_id, headcount=40))
        await handlers.take_over(ctx, published(new_id(), company_id=ctx.company_id, title="Unpaid", salary=None))
        await ctx.finish()
        data = await previewed(client, roles="current")
        assert [(role["role_id"], role["count"][0]) for role in data["roles"]] == [(str(role_id), 40)]
        assert data["left_out"] == [{"role": "Unpaid", "reason": "no salary is known"}]

    async def test_many_at_once_are_all_answered(self, client: CheckedClient) -> None:
        found = await asyncio.gather(*(previewed(client, automation_factor=a / 10) for a in range(11)))
        released = [data["company"]["released_fte"][-1] for data in found]
        assert released == sorted(released)
        assert released[0] == 0


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"steps": 600, "roles": [engineer(), marketing(), guard(), guard(role="b")]}, "/body/steps"),
            ({"roles": [engineer(), marketing(), guard(), guard(role="b")], **BUSY}, "/body/roles"),
        ],
    )
    async def test_what_is_too_large_to_be_computed_at_once(
        self, client: CheckedClient, change: dict[str, Any], pointer: str
    ) -> None:
        response = await client.post("/simulations/preview", json=body(**change))
        assert (response.status_code, response.json()["code"]) == (422, "PREVIEW_TOO_LARGE")
        assert response.json()["errors"][0]["pointer"] == pointer

    async def test_what_is_wrong_is_named(self, client: CheckedClient) -> None:
        response = await client.post("/simulations/preview", json=body(roles=[engineer(), engineer()]))
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        assert response.json()["errors"][0]["pointer"] == "/body/roles"

    async def test_an_unknown_field(self, client: CheckedClient) -> None:
        response = await client.post("/simulations/preview", json=body(), params={"fields": "seed"})
        assert (response.status_code, response.json()["code"]) == (422, "INVALID_FIELDS")

    @pytest.mark.principal("viewer")
    async def test_a_viewer_may_not(self, client: CheckedClient) -> None:
        assert (await client.post("/simulations/preview", json=body())).status_code == 403
