"""The worker as a process: killed in the middle of a run, nothing is lost and nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psutil
import pytest

from etter_common.context import Context
from etter_common.settings import ServiceSettings
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_simulation.simulations.repository import SimulationRepository

from .simulations.following import LONG, body, ended, follow, simulating

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(300)]  # the engine may have to be compiled


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
        await until(simulating(client, simulation_id), timeout_s=200)
        children = psutil.Process(first.pid).children(recursive=True)
        first.kill()
        await first.wait()
    await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert not any(child.is_running() and child.name().startswith("python") for child in children)
    async with worker(settings):
        await until(ended(client, simulation_id), timeout_s=200)
    states = await follow(client, simulation_id)
    assert (states[-1]["status"], states[-1]["attempts"]) == ("succeeded", 2)
    rows = await SimulationRepository(ctx).list_series(UUID(simulation_id), roles=None, with_roles=True)
    assert [row.position for row in rows] == [-1, 0, 1]
