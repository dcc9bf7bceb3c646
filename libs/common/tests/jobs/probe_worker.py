"""A worker process to be killed: jobs of five steps, each with an effect and a checkpoint in one transaction."""

from __future__ import annotations

import asyncio

from etter_common.jobs import Job, Queue, runner
from etter_common.testing.backbone import Effect, ProbeJob, ProbeSettings
from etter_common.worker import run_worker


async def run(job: Job) -> None:
    for number in range(job.checkpoint.get("steps", 0), 5):
        await asyncio.sleep(0.05)
        async with job.work() as ctx:
            ctx.session.add(Effect(company_id=job.company_id, subject=str(job.id), note=f"step {number}"))
            await job.checkpoint_in(ctx, {"steps": number + 1})
    async with job.succeed() as ctx:
        ctx.session.add(Effect(company_id=job.company_id, subject=str(job.id), note=f"end {job.attempt}"))


if __name__ == "__main__":
    run_worker(ProbeSettings(), runner(Queue("probe", ack_wait_s=2.0), ProbeJob, run, slots=2))
