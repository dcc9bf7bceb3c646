"""The worker as a process: killed in the middle of a run, nothing is lost and nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import psutil
import pytest

from etter_common.context import Context
from etter_common.events.contracts.simulation import RunCompleted
from etter_common.platform import Platform
from etter_common.settings import ServiceSettings
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_simulation.simulations.chunks import signals
from etter_simulation.simulations.repository import SimulationRepository

from .simulations.chunks.shared import SHARED_OUT, asked, chunks_of, played_in_one_go, series, start, stored
from .simulations.following import LONG, body, ended, follow, simulating
from .simulations.test_execution import announced, of

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(900)]  # workers start, and may have to compile
ITERATIONS = 4_000
"""Twenty chunks."""
SIZE = {**SHARED_OUT, "n_iterations": ITERATIONS}


@asynccontextmanager
async def worker(settings: ServiceSettings) -> AsyncIterator[asyncio.subprocess.Process]:
    given = {
        f"SIMULATION_{name.upper()}": str(getattr(settings, name))
        for name in ("environment", "database_url", "redis_url", "nats_url")
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "etter_simulation.worker", env={**os.environ, **given}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def test_a_killed_workers_run_is_taken_over_and_ends_once(
    client: CheckedClient, settings: ServiceSettings, ctx: Context
) -> None:
    simulation_id = (await client.post("/simulations", json=body(**LONG))).json()["data"]["id"]
    async with worker(settings) as first:
        await until(simulating(client, simulation_id), timeout_s=500)
        children = psutil.Process(first.pid).children(recursive=True)
        first.kill()
        await first.wait()
    await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert not any(child.is_running() and child.name().startswith("python") for child in children)
    async with worker(settings):
        await until(ended(client, simulation_id), timeout_s=500)
    states = await follow(client, simulation_id)
    assert (states[-1]["status"], states[-1]["attempts"]) == ("succeeded", 2)
    rows = await SimulationRepository(ctx).list_series(UUID(simulation_id), roles=None, with_roles=True)
    assert [row.position for row in rows] == [-1, 0, 1]


async def test_a_run_goes_on_from_the_chunks_that_are_stored(
    client: CheckedClient, settings: ServiceSettings, platform: Platform, company_id: UUID
) -> None:
    simulation_id = await start(client, n_iterations=ITERATIONS)
    async with worker(settings) as first:
        await until(stored(platform, company_id, simulation_id, 5), timeout_s=500)
        first.kill()
        await first.wait()
    chunks = await chunks_of(platform, company_id, simulation_id)
    done = {chunk.first_iteration for chunk in chunks if chunk.status == "succeeded"}
    async with listening(platform, company_id, simulation_id) as ear, worker(settings):
        states = await follow(client, simulation_id)
    assert (states[-1]["status"], states[-1]["attempts"]) == ("succeeded", 2)
    assert ear.shares
    assert ear.shares.keys().isdisjoint(done)
    assert await series(platform, company_id, simulation_id) == await played_in_one_go(asked(**SIZE))


async def test_workers_killed_at_random_moments_leave_the_bytes_of_a_run_played_in_one_go(
    client: CheckedClient, settings: ServiceSettings, platform: Platform, company_id: UUID
) -> None:
    """Whoever has the run's own job, and whoever has a chunk, dies."""
    heard = await announced(platform, RunCompleted, company_id)
    simulation_id = await start(client, n_iterations=ITERATIONS)
    chance = random.Random(7)
    async with AsyncExitStack() as stack:
        alive = [await stack.enter_async_context(worker(settings)) for _ in range(2)]
        for least in (1, 6):
            await until(
                either(stored(platform, company_id, simulation_id, least), ended(client, simulation_id)), timeout_s=500
            )
            victim = alive.pop(chance.randrange(len(alive)))
            victim.kill()
            await victim.wait()
            alive.append(await stack.enter_async_context(worker(settings)))
        states = await follow(client, simulation_id)
    assert states[-1]["status"] == "succeeded"
    assert await series(platform, company_id, simulation_id) == await played_in_one_go(asked(**SIZE))
    assert await chunks_of(platform, company_id, simulation_id) == []
    assert (await of(heard, simulation_id)).payload.type == RunCompleted.type
    assert heard.empty()


@asynccontextmanager
async def listening(platform: Platform, company_id: UUID, simulation_id: str) -> AsyncIterator[signals.Ear]:
    """What the run's chunks tell while they are played."""
    async with platform.work(company_id=company_id) as ctx:
        key = await SimulationRepository(ctx).find_key(UUID(simulation_id))
    assert key is not None
    async with signals.listening(platform, company_id, key.fingerprint) as ear:
        yield ear


def either(*conditions: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return any([await condition() for condition in conditions])

    return check
