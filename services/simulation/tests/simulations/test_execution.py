"""What a run leaves behind: its rows and its announcement, once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from nats.aio.msg import Msg

from etter_common.context import Context
from etter_common.events.contracts.simulation import RunCancelled, RunCompleted
from etter_common.events.envelope import Event, EventPayload
from etter_common.ids import new_id
from etter_common.jobs import JobStatus, Stopped
from etter_common.platform import Platform
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_simulation.role_profiles import handlers
from etter_simulation.simulations import execution

from ..role_profiles.test_handlers import published
from .following import LONG, body, follow, simulated, simulating

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]  # the engine may have to be compiled


async def announced(platform: Platform, kind: type[EventPayload], company_id: UUID) -> asyncio.Queue[Event]:
    """Events of one type about one company from now on."""
    heard: asyncio.Queue[Event] = asyncio.Queue()

    async def hear(message: Msg) -> None:
        heard.put_nowait(Event.read(dict(message.headers or {}), message.data))

    await platform.nats.subscribe(f"etter.{kind.type}.{company_id}.>", cb=hear)
    await platform.nats.flush()
    return heard


async def of(heard: asyncio.Queue[Event], simulation_id: str) -> Event:
    """The event about this simulation; others are passed over."""
    async with asyncio.timeout(60):
        while True:
            event = await heard.get()
            if str(event.aggregate_id) == simulation_id:
                return event


@pytest.mark.usefixtures("working")
class TestExecute:
    async def test_completion_tells_the_outlook_of_every_role(
        self, client: CheckedClient, platform: Platform, ctx: Context
    ) -> None:
        role_id = new_id()
        await handlers.take_over(ctx, published(role_id, company_id=ctx.company_id, headcount=40))
        await ctx.finish()
        heard = await announced(platform, RunCompleted, ctx.company_id)
        simulation_id = await simulated(client, roles="current", steps=40)
        payload = (await of(heard, simulation_id)).payload
        assert isinstance(payload, RunCompleted)
        assert [(line.role_id, line.title, line.month) for line in payload.outlook] == [
            (role_id, "Clerk", month) for month in (12, 36, 40)
        ]
        params = {"fields": "roles.role,roles.count,roles.released_fte,roles.total_salary_of_employee"}
        found = await client.get(f"/simulations/{simulation_id}/results", params=params)
        (role,) = found.json()["data"]["roles"]
        for line in payload.outlook:
            assert line.heads.p50 == role["count"]["p50"][line.month]
            assert line.released_fte.p95 == pytest.approx(role["released_fte"]["p95"][line.month], abs=1e-6)
            assert line.salary_cost.p5 == pytest.approx(role["total_salary_of_employee"]["p5"][line.month])

    async def test_a_cancelled_run_is_announced_once(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        heard = await announced(platform, RunCancelled, company_id)
        simulation_id = await started(client)
        assert (await client.post(f"/simulations/{simulation_id}/cancel")).status_code == 202
        assert (await follow(client, simulation_id))[-1]["status"] == "cancelled"
        await of(heard, simulation_id)
        again = await client.post(f"/simulations/{simulation_id}/cancel")
        assert again.json()["data"]["status"] == "cancelled"
        assert heard.empty()

    async def test_a_run_of_a_deleted_simulation_ends_without_a_trace(self, client: CheckedClient) -> None:
        simulation_id = await started(client)
        assert (await client.delete(f"/simulations/{simulation_id}")).status_code == 204
        assert await simulated(client)  # the worker is free again
        assert (await client.get(f"/simulations/{simulation_id}")).status_code == 404


async def started(client: CheckedClient) -> str:
    """The id of a long simulation that the engine is at."""
    simulation_id: str = (await client.post("/simulations", json=body(**LONG))).json()["data"]["id"]
    await until(simulating(client, simulation_id), timeout_s=200)
    return simulation_id


class TestNoteStop:
    async def test_a_failure_tells_its_code(self, ctx: Context) -> None:
        stopped = Stopped(new_id(), JobStatus.FAILED, "JOB_WORKER_LOST")
        await execution.note_stop(ctx, stopped)
        (event,) = ctx.events
        assert event.payload.model_dump() == {"simulation_id": stopped.job_id, "code": "JOB_WORKER_LOST"}
