"""Workers killed, frozen, overtaken or ended: each job has one final state and its effect once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from etter_common import jobs
from etter_common.clock import utc_now
from etter_common.events.relay import relay
from etter_common.ids import new_id
from etter_common.jobs import Job, JobLost, JobStatus
from etter_common.jobs.claim import Settled, claim
from etter_common.jobs.queue import Ticket
from etter_common.jobs.sweep import push_lost
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, ProbeJob, until

from .work import QUEUE, add_job, effect, ends, has_status, queue_is_empty, row, succeed, working


async def first_hangs(job: Job) -> None:
    if job.attempt == 1:
        await asyncio.Event().wait()
    await succeed(job)


@pytest.mark.timeout(900)  # real processes on a machine that may be busy
class TestTakeover:
    async def test_killed_workers_lose_nothing_and_the_effect_happens_once(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """Real processes, `kill -9` in the middle, ten jobs, three kills."""
        ids = [await add_job(platform, company_id) for _ in range(10)]
        async with relay(platform):
            for kill in range(3):
                worker = await _start_worker(backbone)
                await until(lambda kill=kill: _some_checkpoint(backbone, kill), timeout_s=120)  # type: ignore[misc]
                os.kill(worker.pid, signal.SIGKILL)
                await worker.wait()
            worker = await _start_worker(backbone)
            await until(ends(backbone, *ids), timeout_s=200)
            worker.terminate()
            assert await worker.wait() == 0
        rows = await backbone.fetch("SELECT status, attempts FROM probe_jobs")
        assert {found["status"] for found in rows} == {"succeeded"}
        assert max(found["attempts"] for found in rows) > 1
        effects = await backbone.fetch("SELECT subject FROM effects WHERE note LIKE 'end %'")
        assert sorted(found["subject"] for found in effects) == sorted(map(str, ids))
        steps = await backbone.fetch("SELECT subject, note FROM effects WHERE note LIKE 'step %'")
        assert len(steps) == len({tuple(found) for found in steps}) == 50, "a checkpointed step ran again"

    async def test_workers_killed_at_random_moments(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """Ten kills, each at any moment of whatever the worker does: taking, working, checkpointing, ending."""
        seed = random.randrange(1_000_000)
        chance = random.Random(seed)
        ids = [await add_job(platform, chance.choice([company_id, new_id()])) for _ in range(8)]
        async with relay(platform):
            for _ in range(10):
                worker = await _start_worker(backbone)
                await until(lambda pid=worker.pid: _is_at_work(backbone, pid), timeout_s=120)  # type: ignore[misc]
                await asyncio.sleep(chance.uniform(0, 0.4))  # the moment is what is random
                os.kill(worker.pid, signal.SIGKILL)
                await worker.wait()
            worker = await _start_worker(backbone)
            await until(ends(backbone, *ids), timeout_s=200)
            worker.kill()
            await worker.wait()
        rows = await backbone.fetch("SELECT status FROM probe_jobs")
        assert [found["status"] for found in rows] == ["succeeded"] * 8, f"seed {seed}"
        effects = [tuple(found) for found in await backbone.fetch("SELECT subject, note FROM effects")]
        ended = [subject for subject, note in effects if note.startswith("end ")]
        assert sorted(ended) == sorted(map(str, ids)), f"each job's last effect once, seed {seed}"
        steps = [found for found in effects if found[1].startswith("step ")]
        assert len(steps) == len(set(steps)) == 5 * 8, f"each step's effect once, seed {seed}"

    async def test_a_worker_that_lost_its_job_cannot_commit(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        outcomes: list[str] = []

        async def be_overtaken(job: Job) -> None:
            if job.attempt > 1:
                await succeed(job)
                return
            await backbone.fetch("UPDATE probe_jobs SET attempts = 2 WHERE id = $1", job.id)
            for attempt_to_write in (job.work, job.succeed):
                with pytest.raises(JobLost):
                    async with attempt_to_write() as ctx:
                        effect(ctx, job.id, "too late")
                outcomes.append("refused")
            raise JobLost

        async with working(platform, be_overtaken):
            await add_job(platform, company_id)
            await until(lambda: _count_is(outcomes, 2))
        assert await backbone.notes() == []

    async def test_sigterm_hands_back_at_once(self, backbone: Backbone, platform: Platform, company_id: UUID) -> None:
        async with working(platform, first_hangs, drain_s=0.1):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
        assert (await row(backbone, job_id))["status"] == "queued"
        async with working(platform, first_hangs):  # silence would be waited for until the test's end
            await until(ends(backbone, job_id))
        assert await backbone.notes() == ["done by 2"]

    async def test_a_queue_drains_when_the_process_does(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """A worker has several queues, and each of them is given up at once, not after the one before."""
        async with working(platform, first_hangs, drain_s=0.1):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
            platform.health.drain()
            await until(has_status(backbone, job_id, JobStatus.QUEUED))
            assert await backbone.notes() == []
        platform.health.draining.clear()

    async def test_a_working_worker_shows_that_it_lives(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By the database's clock: one whose own is an hour behind is no less alive."""
        monkeypatch.setattr("etter_common.jobs.attempt.HEARTBEAT_S", 0.05)
        for module in ("attempt", "job"):
            monkeypatch.setattr(f"etter_common.jobs.{module}.utc_now", _an_hour_ago, raising=False)
        done = asyncio.Event()

        async def wait_until_done(job: Job) -> None:
            await done.wait()
            await succeed(job)

        async with working(platform, wait_until_done):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
            beats: set[object] = set()
            await until(lambda: _has_beaten(backbone, job_id, beats, times=3))
            ticket = Ticket(job_id=job_id, company_id=company_id)
            assert isinstance(await claim(platform, QUEUE, ProbeJob, ticket, worker="another"), Settled)
            done.set()
            await until(ends(backbone, job_id))
        assert await backbone.notes() == ["done by 1"]

    async def test_the_row_is_looked_for_when_the_queue_is_empty(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.jobs.sweep.EVERY_S", 0.1)
        async with working(platform, succeed):
            job_id = new_id()
            await backbone.fetch(
                "INSERT INTO probe_jobs (id, company_id, queued_at) VALUES ($1, $2, now() - interval '2 minutes')",
                job_id, company_id,
            )  # fmt: skip
            await until(ends(backbone, job_id))

    async def test_a_job_whose_message_was_lost_is_pushed_again(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async with working(platform, succeed) as _:
            await until(lambda: queue_is_empty(platform))
            job_id = new_id()
            await backbone.fetch(
                "INSERT INTO probe_jobs (id, company_id, queued_at) VALUES ($1, $2, now() - interval '2 minutes')",
                job_id, company_id,
            )  # fmt: skip
            assert await push_lost(platform, QUEUE, ProbeJob) == 1
            await until(ends(backbone, job_id))
            assert await push_lost(platform, QUEUE, ProbeJob) == 0


def _an_hour_ago() -> datetime:
    return utc_now() - timedelta(hours=1)


async def _has_beaten(backbone: Backbone, job_id: UUID, beats: set[object], *, times: int) -> bool:
    beats.add((await row(backbone, job_id))["heartbeat_at"])
    return len(beats) > times


async def _start_worker(backbone: Backbone) -> asyncio.subprocess.Process:
    environment = {
        "PATH": os.environ["PATH"],
        "PROBE_ENVIRONMENT": "test",
        "PROBE_DATABASE_URL": backbone.settings.database_url,
        "PROBE_REDIS_URL": backbone.settings.redis_url,
        "PROBE_NATS_URL": backbone.settings.nats_url,
    }
    script = Path(__file__).with_name("probe_worker.py")
    with (backbone.folder / "worker.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(sys.executable, script, env=environment, stdout=log, stderr=log)


async def _is_at_work(backbone: Backbone, pid: int) -> bool:
    """It has taken a job, or there is none left to take."""
    rows = await backbone.fetch("SELECT status, worker FROM probe_jobs")
    if all(found["status"] in jobs.FINAL for found in rows):
        return True
    return any(str(found["worker"]).endswith(f":{pid}") for found in rows)


async def _some_checkpoint(backbone: Backbone, kill: int) -> bool:
    """Some job is in the middle, further on at each kill."""
    rows = await backbone.fetch("SELECT count(*) FROM effects WHERE note LIKE 'step %'")
    return bool(rows[0][0] >= 4 + 9 * kill)


async def _count_is(found: list[str], count: int) -> bool:
    return len(found) == count
