"""Jobs end in exactly one final state, with their effect once: success, failure, cancellation."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from etter_common import jobs, metrics
from etter_common.context import Context
from etter_common.db.query_log import count_queries
from etter_common.errors import Conflict, NotFound, Unavailable
from etter_common.events import dead_letters, streams
from etter_common.events.retry import RetryPolicy
from etter_common.ids import new_id
from etter_common.jobs import Job, JobFailed, JobStatus, Stopped
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, ProbeJob, until

from .work import QUEUE, add_job, effect, ends, has_status, queue_is_empty, row, succeed, working


def broken() -> float:
    return float(metrics.JOBS_BROKEN.labels(QUEUE.name)._value.get())


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
            await until(lambda: queue_is_empty(platform))
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
    async def test_the_next_try_waits_for_a_growing_time(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async def break_down(job: Job) -> None:
            raise RuntimeError

        hourly = RetryPolicy(first_s=3600, factor=3, longest_s=86_400, jitter=0)
        waits = []
        async with working(platform, break_down, retry=hourly, max_attempts=9):
            job_id = await add_job(platform, company_id)
            for failures in (1, 2, 3):
                await until(lambda failures=failures: _has_failed(backbone, job_id, failures))  # type: ignore[misc]
                found = await row(backbone, job_id)
                waits.append(found["not_before"] - found["queued_at"])
                # time passes: the wait is over, and the message that slept for it comes again
                await backbone.fetch("UPDATE probe_jobs SET not_before = now() WHERE id = $1", job_id)
                async with platform.work(company_id=company_id) as ctx:
                    await jobs.enqueue(ctx, QUEUE, job_id)
        hours = [wait / timedelta(hours=1) for wait in waits]
        assert hours == pytest.approx([1, 3, 9], abs=0.01)

    async def test_what_is_away_costs_no_try(self, backbone: Backbone, platform: Platform, company_id: UUID) -> None:
        async def wait_for_the_store(job: Job) -> None:
            if job.attempt < 4:
                raise Unavailable("the store is away")
            await succeed(job)

        async with working(platform, wait_for_the_store, max_attempts=1):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        found = await row(backbone, job_id)
        assert (found["status"], found["attempts"], found["failures"]) == ("succeeded", 4, 0)

    async def test_a_job_that_kills_its_workers_does_not_go_on_for_ever(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        job_id = await add_job(platform, company_id)
        await backbone.fetch("UPDATE probe_jobs SET attempts = 20 WHERE id = $1", job_id)
        async with working(platform, succeed):
            await until(ends(backbone, job_id))
        assert await backbone.notes() == ["failed JOB_WORKER_LOST"]

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

        before = broken()
        async with working(platform, break_down):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        found = await row(backbone, job_id)
        assert (found["status"], found["attempts"]) == ("failed", 3)
        assert (found["error_code"], found["error_detail"]) == ("INTERNAL_ERROR", "The job failed unexpectedly")
        assert await backbone.notes() == ["failed INTERNAL_ERROR"]
        assert broken() == before + 1

    async def test_input_that_cannot_work_fails_at_once_with_its_code(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async def refuse(job: Job) -> None:
            raise JobFailed("the document is empty")

        before = broken()
        async with working(platform, refuse):
            job_id = await add_job(platform, company_id)
            await until(ends(backbone, job_id))
        found = await row(backbone, job_id)
        assert (found["attempts"], found["error_code"], found["error_detail"]) == (
            1, "JOB_FAILED", "the document is empty",
        )  # fmt: skip
        assert broken() == before

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
            await until(lambda: queue_is_empty(platform))
            await streams.ensure(platform)
            await platform.nats.jetstream().publish(streams.job_subject(QUEUE.name, new_id()), b"{}")
            await until(lambda: _one_buried(platform))


class TestCancel:
    async def test_a_running_job_hears_of_it_at_once(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its next look at the row is an hour away: it is the message that reaches it."""
        monkeypatch.setattr("etter_common.jobs.attempt.HEARTBEAT_S", 3600.0)
        async with working(platform, obey):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
            async with platform.work(company_id=company_id) as ctx:
                assert (await jobs.request_cancel(ctx, ProbeJob, job_id)).status == "running"
            await until(ends(backbone, job_id))
        assert await backbone.notes() == ["cancelled None"]

    async def test_a_lost_message_is_made_good_by_the_look_at_the_row(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        async with working(platform, obey):
            job_id = await add_job(platform, company_id)
            await until(has_status(backbone, job_id, JobStatus.RUNNING))
            await backbone.fetch("UPDATE probe_jobs SET cancel_requested = true WHERE id = $1", job_id)
            await until(ends(backbone, job_id))
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

    async def test_a_job_whose_call_eats_the_cancellation_is_asked_again(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.jobs.attempt._CANCEL_GRACE_S", 0.1)
        monkeypatch.setattr("etter_common.events.supervisor.INSIST_S", 0.1)

        async def eat_one(job: Job) -> None:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.Event().wait()

        async with working(platform, eat_one):
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
            await until(lambda: queue_is_empty(platform))
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


async def obey(job: Job) -> None:
    while True:
        await job.raise_if_cancelled()
        await asyncio.sleep(0.01)


async def _has_failed(backbone: Backbone, job_id: UUID, failures: int) -> bool:
    found = await row(backbone, job_id)
    return (found["status"], found["failures"]) == ("queued", failures)


async def _one_buried(platform: Platform) -> bool:
    return len(await dead_letters.list_letters(platform.nats, consumer="jobs-probe")) == 1
