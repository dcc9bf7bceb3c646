"""The job of one chunk: play it, store what it yields. Played twice, it yields the same bytes."""

from __future__ import annotations

from etter_common.errors import Unavailable
from etter_common.jobs import Job, JobFailed
from etter_common.responses import encode
from etter_simulation.engine.metrics import ENGINE, ENGINE_VERSIONS
from etter_simulation.simulations.chunks import signals, tasks
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.chunks.signals import Played
from etter_simulation.simulations.engine_pool import EnginePool
from etter_simulation.simulations.meaning import RunKey


class ChunkNotNeeded(JobFailed):
    code, title = "CHUNK_NOT_NEEDED", "No run that is under way needs this chunk"


async def execute(job: Job) -> None:
    async with job.work() as ctx:
        found = await ChunkRepository(ctx).task(job.id)
    if found is None:
        raise ChunkNotNeeded
    key = RunKey(found.fingerprint, ENGINE_VERSIONS[found.request.get("engine", ENGINE)])
    if found.engine_version != key.chunk_version:
        raise Unavailable("a worker of another release has to play this")  # tried again elsewhere, at no cost

    async def report(share: float, stage: str, eta_seconds: float | None) -> None:
        await job.report(share, stage, eta_seconds)
        await signals.tell(job.platform, job.company_id, found.fingerprint, Played(found.first_iteration, share))

    task = tasks.Range(
        encode(found.request).decode(), found.first_iteration, found.last_iteration, found.quantiles == "sketch"
    )
    yielded = await job.platform.part(EnginePool).perform(tasks.play_range, task, report, company_id=job.company_id)
    async with job.succeed() as ctx:
        await ChunkRepository(ctx).put(job.id, yielded.parts, yielded.sums)
    stored = Played(found.first_iteration, 1.0, stored=True)
    await signals.tell(job.platform, job.company_id, found.fingerprint, stored)
