"""The same request again has its results at once, as a simulation of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.events.contracts.core import RoleDeleted
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient
from etter_simulation.role_profiles.handlers import take_over
from etter_simulation.simulations.handlers import drop_reusable
from etter_simulation.simulations.repository import SimulationRepository

from ..role_profiles.test_handlers import published
from .chunks.shared import series
from .following import body, simulated

pytestmark = [
    pytest.mark.principal("analyst"),
    pytest.mark.timeout(600),  # the engine may have to be compiled
    pytest.mark.usefixtures("working"),
]


async def ask(client: CheckedClient, **more: Any) -> dict[str, Any]:
    response = await client.post("/simulations", json=body(**more))
    assert response.status_code == 202, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def publish(ctx: Context, role_id: UUID, **more: Any) -> Event:
    event = published(role_id, company_id=ctx.company_id, **more)
    async with ctx.platform.work(company_id=ctx.company_id) as own:
        await take_over(own, event)
    return event


async def heard(ctx: Context, event: Event) -> None:
    async with ctx.platform.work(company_id=ctx.company_id) as own:
        await drop_reusable(own, event)


class TestCreate:
    async def test_it_has_succeeded_with_the_same_figures_under_its_own_name(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        first = await simulated(client, name="first")
        again = await ask(client, name="again", preset="planning")
        assert (again["status"], again["progress"], again["name"]) == ("succeeded", 1.0, "again")
        assert (again["reused_from"], again["iterations_used"]) == (first, 8)
        assert again["id"] != first
        assert await series(platform, company_id, again["id"]) == await series(platform, company_id, first)
        shown = (await client.get(f"/simulations/{again['id']}")).json()["data"]
        assert shown["summary"] == (await client.get(f"/simulations/{first}")).json()["data"]["summary"]

    async def test_its_results_outlive_those_it_has_them_from(self, client: CheckedClient) -> None:
        first = await simulated(client)
        again = (await ask(client))["id"]
        await client.delete(f"/simulations/{first}")
        found = (await client.get(f"/simulations/{again}/results", params={"fields": "simulation_id,months"})).json()
        assert (found["data"]["simulation_id"], len(found["data"]["months"])) == (again, 25)

    @pytest.mark.parametrize("change", [{"seed": 8}, {"steps": 23}, {"currency": "EUR"}, {"automation_factor": 0.4}])
    async def test_what_means_something_else_is_played(self, client: CheckedClient, change: dict[str, Any]) -> None:
        await simulated(client)
        assert (await ask(client, **change))["reused_from"] is None

    async def test_a_seed_that_was_derived_may_be_given(self, client: CheckedClient) -> None:
        first = await simulated(client, seed=None)
        seed = (await client.get(f"/simulations/{first}")).json()["data"]["seed"]
        assert (await ask(client, seed=seed))["reused_from"] == first

    async def test_another_company_has_nothing_of_it(
        self, client: CheckedClient, as_role: Callable[..., CheckedClient]
    ) -> None:
        await simulated(client)
        assert (await ask(as_role("analyst", company=new_id())))["reused_from"] is None

    async def test_after_two_hours_it_is_played_again(self, client: CheckedClient, ctx: Context) -> None:
        first = await simulated(client)
        await SimulationRepository(ctx).finished(UUID(first), {"reusable_until": utc_now()})
        await ctx.finish()
        assert (await ask(client))["reused_from"] is None


class TestDropReusable:
    async def test_a_changed_profile_ends_the_reuse_of_what_came_from_it(
        self, client: CheckedClient, ctx: Context
    ) -> None:
        role_id = new_id()
        event = await publish(ctx, role_id)
        first = await simulated(client, roles="current")
        assert (await ask(client, roles="current"))["reused_from"] == first
        await heard(ctx, event)
        assert (await ask(client, roles="current"))["reused_from"] is None

    async def test_so_does_a_deleted_role(self, client: CheckedClient, ctx: Context) -> None:
        role_id = new_id()
        await publish(ctx, role_id)
        await simulated(client, roles="current")
        gone = RoleDeleted(role_id=role_id, version=4)
        await heard(ctx, Event.of(gone, company_id=ctx.company_id, aggregate_id=role_id))
        assert (await ask(client, roles="current"))["reused_from"] is None

    async def test_another_roles_change_does_not(self, client: CheckedClient, ctx: Context) -> None:
        await publish(ctx, new_id())
        first = await simulated(client, roles="current")
        await heard(ctx, published(new_id(), company_id=ctx.company_id))
        assert (await ask(client, roles="current"))["reused_from"] == first
