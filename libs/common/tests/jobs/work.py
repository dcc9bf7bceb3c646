"""The jobs of these tests: how they are put in, run, and looked at."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from etter_common import jobs
from etter_common.context import Context
from etter_common.events.relay import relay
from etter_common.events.retry import RetryPolicy
from etter_common.ids import new_id
from etter_common.jobs import Job, JobStatus, Queue, Stopped
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, Effect, ProbeJob

QUEUE = Queue("probe", ack_wait_s=600.0)  # nobody takes a job over because a busy machine is silent for a while
FAST = RetryPolicy(tries=3, first_s=0.1, factor=2.0)
Run = Callable[[Job], Awaitable[None]]


async def add_job(platform: Platform, company_id: UUID) -> UUID:
    async with platform.work(company_id=company_id) as ctx:
        job = ProbeJob(id=new_id())
        job.company_id = company_id
        ctx.session.add(job)
        await ctx.session.flush()
        await jobs.enqueue(ctx, QUEUE, job.id)
    return job.id


def effect(ctx: Context, job_id: UUID, note: str) -> None:
    row = Effect(subject=str(job_id), note=note)
    row.company_id = ctx.company_id
    ctx.session.add(row)


async def succeed(job: Job) -> None:
    async with job.succeed() as ctx:
        effect(ctx, job.id, f"done by {job.attempt}")


async def note_stop(ctx: Context, stopped: Stopped) -> None:
    effect(ctx, stopped.job_id, f"{stopped.status} {stopped.error_code}")


@asynccontextmanager
async def working(platform: Platform, run: Run, **options: Any) -> AsyncGenerator[None]:
    settings = {"retry": FAST, "on_stop": note_stop, **options}
    async with relay(platform), jobs.runner(QUEUE, ProbeJob, run, **settings)(platform):
        yield


async def row(backbone: Backbone, job_id: UUID) -> asyncpg.Record:
    (found,) = await backbone.fetch("SELECT * FROM probe_jobs WHERE id = $1", job_id)
    return found


def ends(backbone: Backbone, *job_ids: UUID) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        rows = await backbone.fetch("SELECT status FROM probe_jobs WHERE id = ANY($1::uuid[])", list(job_ids))
        return all(found["status"] in jobs.FINAL for found in rows)

    return check


def has_status(backbone: Backbone, job_id: UUID, status: JobStatus) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return bool((await row(backbone, job_id))["status"] == status)

    return check


async def queue_is_empty(platform: Platform) -> bool:
    names = [info.config.name for info in await platform.nats.jetstream().streams_info()]
    if QUEUE.stream not in names:
        return False
    return (await platform.nats.jetstream().stream_info(QUEUE.stream)).state.messages == 0
