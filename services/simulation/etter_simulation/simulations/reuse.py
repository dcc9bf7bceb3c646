"""The same request again within two hours has its results at once: they would be the same to the byte."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row

from etter_common.context import Context
from etter_common.errors import Unavailable
from etter_common.jobs import Job
from etter_simulation.simulations import events
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.meaning import Meaning
from etter_simulation.simulations.models import Simulation
from etter_simulation.simulations.repository import SimulationRepository

_TAKEN_OVER: Final = ("reused_from", "summary", "outlook", "iterations_used", "reusable_until")


async def add_finished(ctx: Context, simulation: Simulation, found: Row[Any]) -> Simulation:
    """Add a simulation that has the results found. They are fresh no longer than where they came from."""
    for name in _TAKEN_OVER:
        setattr(simulation, name, getattr(found, name))
    simulations = SimulationRepository(ctx)
    simulations.append(simulation)
    simulations.copy_series(found.reused_from, simulation.id)
    await ctx.publish(events.run_requested(simulation))
    await ctx.publish(events.run_completed(simulation))
    return simulation


async def end_with_others(job: Job, run: Meaning) -> bool:
    """Whether a run that means the same has left its results, meanwhile perhaps; if so, the job ends with them."""
    async with job.platform.work(company_id=job.company_id) as ctx:
        if await SimulationRepository(ctx).find_reusable(run) is None:
            return False
    async with job.succeed() as ctx:
        simulations = SimulationRepository(ctx)
        found = await simulations.find_reusable(run)
        if found is None:
            raise Unavailable("the results have just been deleted")  # tried again, at no cost
        simulation = await simulations.finished(job.id, {name: getattr(found, name) for name in _TAKEN_OVER})
        simulations.copy_series(found.reused_from, job.id)
        await ctx.publish(events.run_completed(simulation))
        ChunkRepository(ctx).release(run.key, by=job.id)
    return True
