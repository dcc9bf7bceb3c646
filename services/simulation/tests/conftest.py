"""Simulation's fixtures: the shared ones, and a worker with its engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from etter_common.platform import Platform
from etter_common.testing.service import ServiceUnderTest, fixtures
from etter_simulation import worker
from etter_simulation.main import create
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations.engine_pool import engine_pool
from etter_simulation.tables import Base

globals().update(
    fixtures(
        ServiceUnderTest(
            "simulation",
            SimulationSettings,
            create,
            Base.metadata,
            root=Path(__file__).parents[1],
            extra={
                "max_role_months": 4_000_000, "max_role_iterations": 20_000, "max_result_values": 50_000,
                "max_agent_months": 400_000, "max_agent_iterations": 20_000,
                "max_preview_role_months": 2_000, "max_preview_role_pairs": 9,
                "max_sensitivity_role_months": 2_000_000,
                "max_inline_work": 200_000,
                "chunk_work": 50_000,
                "max_exact_values": 10_000_000,
                "max_active_simulations": 20,
                "max_stored_simulations": 30,
            },
        )
    )
)  # fmt: skip


@pytest.fixture(scope="module")
async def working(platform: Platform) -> AsyncIterator[None]:
    """The worker's parts beside the application: engine process and job runners; gone after the module."""
    async with AsyncExitStack() as parts:
        for part in (engine_pool, worker.jobs, worker.chunks, *worker.analyses):
            await parts.enter_async_context(part(platform))
        yield
