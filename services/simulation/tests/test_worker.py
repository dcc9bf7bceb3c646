"""The worker as a process: killed in the middle of a run, nothing is lost and nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psutil
import pytest

from etter_common.context import Context
from etter_common.settings import ServiceSettings
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_simulation.simulations.repository import SimulationRepository

from .factories import engineer
from .simulations.following import body, follow

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
    long: dict[str, Any] = body(n_iterations=5000, steps=20, roles=[engineer()])
    simulation_id = (await client.post("/simulations", json=long)).json()["data"]["id"]
    async with worker(settings) as first:
        await until(_taken(client, simulation_id))
        children = psutil.Process(first.pid).children(recursive=True)
        first.kill()
        await first.wait()
    await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert not any(child.is_running() and child.name().startswith("python") for child in children)
    async with worker(settings):
        states = await follow(client, simulation_id)
    assert (states[-1]["status"], states[-1]["attempts"]) == ("succeeded", 2)
    rows = await SimulationRepository(ctx).list_series(UUID(simulation_id), roles=None, with_roles=True)
    assert [row.position for row in rows] == [-1, 0]


def _taken(client: CheckedClient, simulation_id: str) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        found = await client.get(f"/simulations/{simulation_id}", params={"fields": "status"})
        return bool(found.json()["data"]["status"] == "running")

    return check
