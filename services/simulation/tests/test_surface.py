"""The whole surface of simulation."""

from __future__ import annotations

from uuid import UUID

from etter_common.context import Context
from etter_common.testing.surface import SurfaceTests
from etter_simulation.simulations import service
from etter_simulation.simulations.schemas import SimulationCreate

from .factories import engineer


async def make_simulation(ctx: Context) -> UUID:
    data = SimulationCreate.model_validate({"automation_factor": 0.5, "roles": [engineer()]})
    return (await service.create(ctx, data)).id


class TestSurface(SurfaceTests):
    makers = {"simulation_id": make_simulation}  # noqa: RUF012 - a ClassVar of the base
    unmapped = {  # noqa: RUF012
        "uq_simulation_series_company_id_simulation_id_position": "written by the worker, which is tried again",
        "fk_simulation_series_simulation_id_simulations": "written by the worker, which is tried again",
    }
