"""What waits for a worker is told while every worker is busy."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from etter_common import metrics
from etter_common.clock import utc_now
from etter_common.ids import new_id
from etter_common.jobs import Job
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, ProbeJob, until

from .work import QUEUE, add_job, working

WAITING = metrics.JOBS_WAITING.labels(QUEUE.name)
OLDEST_S = metrics.JOBS_OLDEST_WAIT_S.labels(QUEUE.name)


class TestMeasure:
    async def test_jobs_that_could_be_taken_are_counted_and_the_oldest_is_timed(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.jobs.waiting.EVERY_S", 0.05)
        release = asyncio.Event()

        async def hold(job: Job) -> None:
            await release.wait()

        async with working(platform, hold):
            await add_job(platform, company_id)
            await until(lambda: _running(backbone))
            for queued_s, not_before_s in ((100, None), (20, None), (300, 60)):
                await _insert(platform, company_id, queued_s=queued_s, not_before_s=not_before_s)
            await until(lambda: _shows(2))
            assert 100 <= OLDEST_S._value.get() < 300
            release.set()
            await backbone.fetch("DELETE FROM probe_jobs WHERE status = 'queued'")
            await until(lambda: _shows(0))
            assert OLDEST_S._value.get() == 0


async def _insert(platform: Platform, company_id: UUID, *, queued_s: float, not_before_s: float | None) -> None:
    """A waiting job without a message, so that nobody is woken by it."""
    now = utc_now()
    async with platform.work(company_id=company_id) as ctx:
        job = ProbeJob(id=new_id(), company_id=company_id, queued_at=now - timedelta(seconds=queued_s))
        job.not_before = now + timedelta(seconds=not_before_s) if not_before_s is not None else None
        ctx.session.add(job)


async def _running(backbone: Backbone) -> bool:
    return bool(await backbone.fetch("SELECT 1 FROM probe_jobs WHERE status = 'running'"))


async def _shows(count: int) -> bool:
    return bool(WAITING._value.get() == count)
