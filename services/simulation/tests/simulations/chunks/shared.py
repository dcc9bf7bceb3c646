"""Runs that are shared out under the tests' settings, and what the engine makes of them in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from etter_common.jobs import JobStatus
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.packing import pack
from etter_simulation.simulations.repository import SimulationRepository

from ..following import body

SHARED_OUT: dict[str, Any] = {"n_iterations": 2_000, "steps": 60}
"""Ten chunks."""


def asked(**more: Any) -> SimulationRequest:
    return SimulationRequest.model_validate(body(**more))


async def start(client: CheckedClient, **more: Any) -> str:
    """The id of a run that was asked for."""
    response = await client.post("/simulations", json=body(**{**SHARED_OUT, **more}))
    assert response.status_code == 202, response.text
    simulation_id: str = response.json()["data"]["id"]
    return simulation_id


async def series(platform: Platform, company_id: UUID, simulation_id: str) -> list[bytes]:
    """What is stored: the company's series, then the roles'."""
    async with platform.work(company_id=company_id) as ctx:
        rows = await SimulationRepository(ctx).list_series(UUID(simulation_id), roles=None, with_roles=True)
    return [row.values for row in rows]


async def played_in_one_go(request: SimulationRequest) -> list[bytes]:
    from etter_simulation.engine.run import run

    result = await asyncio.to_thread(run, request)
    return [pack(result.company), *(pack(role) for role in result.roles)]


async def chunks_of(platform: Platform, company_id: UUID, simulation_id: str) -> Sequence[Row[Any]]:
    async with platform.work(company_id=company_id) as ctx:
        key = await SimulationRepository(ctx).find_key(UUID(simulation_id))
        return await ChunkRepository(ctx).list_states(key) if key else []


def stored(platform: Platform, company_id: UUID, simulation_id: str, least: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many chunks are stored."""

    async def check() -> bool:
        chunks = await chunks_of(platform, company_id, simulation_id)
        return sum(1 for chunk in chunks if chunk.status == JobStatus.SUCCEEDED) >= least

    return check
