"""Jobs end in exactly one final state, with their effect once, whatever happens to their workers."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from etter_common import jobs
from etter_common.clock import monotonic
from etter_common.context import Context
from etter_common.db.query_log import count_queries
from etter_common.errors import Conflict, NotFound
from etter_common.events import dead_letters, streams
from etter_common.events.relay import relay
from etter_common.events.retry import RetryPolicy
from etter_common.ids import new_id
from etter_common.jobs import Job, JobFailed, JobLost, JobStatus, Queue, Stopped
from etter_common.jobs.sweep import push_lost
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, Effect, ProbeJob, until

QUEUE = Queue("probe", ack_wait_s=2.0)
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


class TestSuccess:
    async def test_a_job_runs_once_and_its_effect_is_there(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async with working(platform, succeed, slots=2):
            ids = [await add_job(platform, company_id) for _ in range(5)]
            await until(ends(backbone, *ids))
        assert await backbone.notes() == ["done by 1"] * 5
        found = await row(backbone, ids[0])
        assert (found["status"], found["progress"], found["attempts"]) == ("succeeded", 1.0, 1)
        assert found["queued_at"] <= found["started_at"] <= found["finished_at"]

    async def test_several_jobs_are_handed_over_in_one_statement(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        ids = [new_id() for _ in range(3)]
        async with platform.work(company_id=company_id) as ctx:
            ctx.session.add_all(ProbeJob(id=job_id, company_id=company_id) for job_id in ids)
            await ctx.session.flush()
            await jobs.enqueue(ctx, QUEUE, *ids[:2])
            await jobs.enqueue(ctx, QUEUE, ids[2])
            await jobs.enqueue(ctx, QUEUE)
            with count_queries() as log:
                await ctx.finish()
            assert log.count == 1
        async with working(platform, succeed):
            await until(ends(backbone, *ids))
        assert await backbone.notes() == ["done by 1"] * 3

    async def test_a_second_message_for_an_ended_job_does_nothing(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async with working(platform, succeed):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
            async with platform.work(company_id=company_id) as ctx:
                await jobs.enqueue(ctx, QUEUE, job_id)
            await until(lambda: _queue_is_empty(platform))
        assert await backbone.notes() == ["done by 1"]

    async def test_slots_bound_what_runs_at_a_time(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        running, most = 0, 0

        async def watch(job: Job) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.05)
            running -= 1

        async with working(platform, watch, slots=2):
            ids = [await add_job(platform, company_id) for _ in range(8)]
            await until(ends(backbone, *ids))
        assert most == 2


class TestFailure:
    async def test_an_error_is_tried_again_and_the_checkpoint_is_kept(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        seen: list[dict[str, Any]] = []

        async def stumble(job: Job) -> None:
            seen.append(job.checkpoint)
            await job.save_checkpoint({"step": len(seen)})
            if len(seen) < 3:
                raise RuntimeError("not yet")
            await succeed(job)

        async with working(platform, stumble):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        assert seen == [{}, {"step": 1}, {"step": 2}]
        assert await backbone.notes() == ["done by 3"]

    async def test_after_the_last_try_it_has_failed_and_tells_nothing_inner(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async def break_down(job: Job) -> None:
            raise RuntimeError("password=hunter2")

        async with working(platform, break_down):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        found = await row(backbone, job_id)
        assert (found["status"], found["attempts"]) == ("failed", 3)
        assert (found["error_code"], found["error_detail"]) == ("INTERNAL_ERROR", "The job failed unexpectedly")
        assert await backbone.notes() == ["failed INTERNAL_ERROR"]

    async def test_input_that_cannot_work_fails_at_once_with_its_code(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async def refuse(job: Job) -> None:
            raise JobFailed("the document is empty")

        async with working(platform, refuse):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        found = await row(backbone, job_id)
        assert (found["attempts"], found["error_code"], found["error_detail"]) == (
            1, "JOB_FAILED", "the document is empty",
        )  # fmt: skip

    async def test_the_deadline_ends_an_attempt_for_good(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async def dawdle(job: Job) -> None:
            await asyncio.Event().wait()

        async with working(platform, dawdle, deadline_s=0.2):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        assert await backbone.notes() == ["failed JOB_DEADLINE_EXCEEDED"]

    async def test_a_broken_announcement_does_not_keep_a_job_from_ending(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async def refuse(job: Job) -> None:
            raise JobFailed

        async def stumble(ctx: Context, stopped: Stopped) -> None:
            effect(ctx, stopped.job_id, "half an announcement")
            raise RuntimeError

        async with working(platform, refuse, on_stop=stumble):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        assert await backbone.notes() == []

    async def test_a_message_that_is_no_ticket_is_buried(self, backbone: Backbone, platform: Platform) -> None:
        async with working(platform, succeed):
            await until(lambda: _queue_is_empty(platform))
            await streams.ensure(platform)
            await platform.nats.jetstream().publish(streams.job_subject(QUEUE.name, new_id()), b"{}")
            await until(lambda: _one_buried(platform))


class TestCancel:
    async def test_a_running_job_ends_within_a_second(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async def obey(job: Job) -> None:
            while True:
                await job.raise_if_cancelled()
                await asyncio.sleep(0.01)

        async with working(platform, obey):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
            started = monotonic()
            async with platform.work(company_id=company_id) as ctx:
                assert (await jobs.request_cancel(ctx, ProbeJob, job_id)).status == "running"
            await until(ends(backbone, job_id))
            assert monotonic() - started < 1.0
        assert await backbone.notes() == ["cancelled None"]

    async def test_a_job_that_does_not_look_is_stopped(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.jobs.attempt._CANCEL_GRACE_S", 0.1)

        async def be_deaf(job: Job) -> None:
            await asyncio.Event().wait()

        async with working(platform, be_deaf):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
            async with platform.work(company_id=company_id) as ctx:
                await jobs.request_cancel(ctx, ProbeJob, job_id)
            await until(ends(backbone, job_id))
        assert (await row(backbone, job_id))["status"] == "cancelled"

    async def test_a_queued_job_is_cancelled_at_once_and_never_runs(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        job_id = await add_job(platform, company_id)
        async with platform.work(company_id=company_id) as ctx:
            assert (await jobs.request_cancel(ctx, ProbeJob, job_id)).status == "cancelled"
        async with working(platform, succeed):
            other = await add_job(platform, company_id)
            await until(ends(backbone, other))
            await until(lambda: _queue_is_empty(platform))
        assert (await row(backbone, job_id))["attempts"] == 0

    async def test_an_ended_job_and_another_companys_cannot_be_cancelled(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async with working(platform, succeed):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        with pytest.raises(Conflict):
            async with platform.work(company_id=company_id) as ctx:
                await jobs.request_cancel(ctx, ProbeJob, job_id)
        with pytest.raises(NotFound):
            async with platform.work(company_id=new_id()) as ctx:
                await jobs.request_cancel(ctx, ProbeJob, job_id)


class TestTakeover:
    async def test_killed_workers_lose_nothing_and_the_effect_happens_once(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """Real processes, `kill -9` in the middle, ten jobs, three kills."""
        ids = [await add_job(platform, company_id) for _ in range(10)]
        async with relay(platform):
            for kill in range(3):
                worker = await _start_worker(backbone)
                await until(lambda kill=kill: _some_checkpoint(backbone, kill), timeout_s=30)  # type: ignore[misc]
                os.kill(worker.pid, signal.SIGKILL)
                await worker.wait()
            worker = await _start_worker(backbone)
            await until(ends(backbone, *ids), timeout_s=60)
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
                await until(lambda pid=worker.pid: _is_at_work(backbone, pid), timeout_s=30)  # type: ignore[misc]
                await asyncio.sleep(chance.uniform(0, 0.4))  # the moment is what is random
                os.kill(worker.pid, signal.SIGKILL)
                await worker.wait()
            worker = await _start_worker(backbone)
            await until(ends(backbone, *ids), timeout_s=60)
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
        async def first_hangs(job: Job) -> None:
            if job.attempt == 1:
                await asyncio.Event().wait()
            await succeed(job)

        async with working(platform, first_hangs, drain_s=0.1):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
        assert (await row(backbone, job_id))["status"] == "queued"
        started = monotonic()
        async with working(platform, first_hangs):
            await until(ends(backbone, job_id))
        assert monotonic() - started < QUEUE.ack_wait_s
        assert await backbone.notes() == ["done by 2"]

    async def test_a_job_whose_message_was_lost_is_pushed_again(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async with working(platform, succeed) as _:
            await until(lambda: _queue_is_empty(platform))
            job_id = new_id()
            await backbone.fetch(
                "INSERT INTO probe_jobs (id, company_id, queued_at) VALUES ($1, $2, now() - interval '2 minutes')",
                job_id, company_id,
            )  # fmt: skip
            assert await push_lost(platform, QUEUE, ProbeJob) == 1
            await until(ends(backbone, job_id))
            assert await push_lost(platform, QUEUE, ProbeJob) == 0


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


async def _queue_is_empty(platform: Platform) -> bool:
    names = [info.config.name for info in await platform.nats.jetstream().streams_info()]
    if QUEUE.stream not in names:
        return False
    return (await platform.nats.jetstream().stream_info(QUEUE.stream)).state.messages == 0


async def _one_buried(platform: Platform) -> bool:
    return len(await dead_letters.list_letters(platform.nats, consumer="jobs-probe")) == 1


async def _count_is(found: list[str], count: int) -> bool:
    return len(found) == count
