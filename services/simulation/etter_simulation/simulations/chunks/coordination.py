"""A run out of chunks: gather them, then merge what they yielded."""

from __future__ import annotations

import asyncio
from pathlib import Path

from etter_common.jobs import Job
from etter_common.scratch import scratch_folder
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.simulations import spool
from etter_simulation.simulations.chunks import signals, tasks
from etter_simulation.simulations.chunks.gathering import PLAYED, Gathering, complete_prefix
from etter_simulation.simulations.chunks.plan import Plan
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.engine_pool import EnginePool, unless_cancelled
from etter_simulation.simulations.engine_process import Output
from etter_simulation.simulations.meaning import RunKey


async def play_in_chunks(job: Job, key: RunKey, plan: Plan, request: SimulationRequest) -> Output | None:
    """None if a run that means the same has ended meanwhile and taken the chunks with it: its results are there."""
    async with signals.listening(job.platform, job.company_id, key.fingerprint) as ear:
        iterations = await Gathering(job, key, plan, request, ear).run()
    if iterations is None:
        return None
    with scratch_folder() as folder:
        if not await _collect(job, key, folder, iterations):
            return None
        return await _merge(job, tasks.Spooled(_json(request), folder, iterations, plan.is_sketched))


async def _collect(job: Job, key: RunKey, folder: Path, iterations: int) -> bool:
    """Write all parts to `folder`; whether all of them were still there."""
    window = 0
    while True:
        await job.report(PLAYED, "collecting")
        async with job.platform.work(company_id=job.company_id) as ctx:
            parts = await ChunkRepository(ctx).list_parts(key, window, iterations=iterations)
        if not parts:
            break
        await asyncio.to_thread(spool.write, folder, window, parts)
        window += 1
    async with job.platform.work(company_id=job.company_id) as ctx:
        return complete_prefix(await ChunkRepository(ctx).list_states(key)) >= iterations


async def _merge(job: Job, task: tasks.Spooled) -> Output:
    async def report(share: float, stage: str, eta_seconds: float | None) -> None:
        await job.report(PLAYED + (1 - PLAYED) * share, stage, eta_seconds)

    engine = job.platform.part(EnginePool)
    merged = engine.perform(tasks.finish_run, task, report, company_id=job.company_id, stage="merging")
    return await unless_cancelled(job, merged)


def _json(request: SimulationRequest) -> str:
    return request.model_dump_json()
