"""Progress reaches whoever follows, from any replica, and a follower who comes back goes on where it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from etter_common import jobs
from etter_common.errors import NotFound
from etter_common.events.relay import relay
from etter_common.ids import new_id
from etter_common.jobs import Job, Queue
from etter_common.platform import Platform
from etter_common.sse import ServerEvent
from etter_common.testing.backbone import Backbone, ProbeJob

QUEUE = Queue("probe", ack_wait_s=600.0)


async def add_job(platform: Platform, company_id: UUID) -> UUID:
    async with platform.work(company_id=company_id) as ctx:
        job = ProbeJob(id=new_id())
        job.company_id = company_id
        ctx.session.add(job)
        await ctx.session.flush()
        await jobs.enqueue(ctx, QUEUE, job.id)
    return job.id


@asynccontextmanager
async def working(platform: Platform, run: Callable[[Job], Awaitable[None]]) -> AsyncGenerator[None]:
    async with relay(platform), jobs.runner(QUEUE, ProbeJob, run)(platform):
        yield


def follow(
    platform: Platform, job_id: UUID, company_id: UUID, after: str | None = None
) -> AsyncGenerator[ServerEvent, None]:
    return jobs.progress_events(platform, ProbeJob, job_id, company_id=company_id, last_event_id=after)


def shown(events: list[ServerEvent]) -> list[tuple[str | None, str, float]]:
    return [(e.event, json.loads(e.data)["status"], json.loads(e.data)["progress"]) for e in events]


class Stepper:
    """A job that goes on when the test says so."""

    def __init__(self) -> None:
        self.steps: asyncio.Queue[float | None] = asyncio.Queue()

    async def run(self, job: Job) -> None:
        while (value := await self.steps.get()) is not None:
            await job.report(value, f"at {value}", eta_seconds=1.2)


class TestFollow:
    async def test_the_state_comes_first_then_every_change_from_another_replica_until_the_end(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.jobs.progress.LOOK_EVERY_S", 3600.0)  # the row tells only the beginning
        stepper = Stepper()
        async with backbone.platform() as replica, working(platform, stepper.run):
            job_id = await add_job(platform, company_id)
            following = follow(replica, job_id, company_id)
            seen = [await anext(following)]
            for value in (0.25, 0.5):
                stepper.steps.put_nowait(value)
                while json.loads(seen[-1].data)["progress"] != value:
                    seen.append(await anext(following))
            stepper.steps.put_nowait(None)
            seen += [event async for event in following]
        assert shown(seen)[-3:] == [
            ("progress", "running", 0.25), ("progress", "running", 0.5), ("finished", "succeeded", 1.0),
        ]  # fmt: skip
        ids = [tuple(map(int, str(event.id).split("-"))) for event in seen]
        assert ids == sorted(set(ids)), "ids only grow"
        assert json.loads(seen[-2].data)["eta_seconds"] == 2

    async def test_a_follower_who_comes_back_gets_only_what_is_newer(
        self, platform: Platform, company_id: UUID
    ) -> None:
        stepper = Stepper()
        async with working(platform, stepper.run):
            job_id = await add_job(platform, company_id)
            stepper.steps.put_nowait(0.5)
            first = follow(platform, job_id, company_id)
            event = await anext(first)
            while json.loads(event.data)["progress"] != 0.5:
                event = await anext(first)
            await first.aclose()
            again = follow(platform, job_id, company_id, event.id)
            newest = asyncio.ensure_future(anext(again))
            stepper.steps.put_nowait(0.75)
            assert json.loads((await newest).data)["progress"] == 0.75
            stepper.steps.put_nowait(None)
            assert [e.event async for e in again] == ["finished"]

    async def test_an_ended_job_answers_at_once_also_to_one_who_has_seen_it_all(
        self, platform: Platform, company_id: UUID
    ) -> None:
        stepper = Stepper()
        stepper.steps.put_nowait(None)
        async with working(platform, stepper.run):
            job_id = await add_job(platform, company_id)
            *_, last = [event async for event in follow(platform, job_id, company_id)]
        assert shown([event async for event in follow(platform, job_id, company_id, last.id)]) == [
            ("finished", "succeeded", 1.0)
        ]

    async def test_a_lost_message_is_made_good_by_the_row(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.jobs.progress.LOOK_EVERY_S", 0.1)
        job_id = await add_job(platform, company_id)
        following = follow(platform, job_id, company_id)
        assert shown([await anext(following)]) == [("progress", "queued", 0.0)]
        await backbone.fetch("UPDATE probe_jobs SET status = 'failed', finished_at = now() WHERE id = $1", job_id)
        assert shown([event async for event in following]) == [("finished", "failed", 0.0)]

    async def test_it_holds_no_connection_while_it_waits(self, platform: Platform, company_id: UUID) -> None:
        job_id = await add_job(platform, company_id)
        following = follow(platform, job_id, company_id)
        await anext(following)
        waiting = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0)
        assert platform.db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # QueuePool's
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await following.aclose()

    async def test_another_companys_job_is_not_found(self, platform: Platform, company_id: UUID) -> None:
        job_id = await add_job(platform, company_id)
        with pytest.raises(NotFound):
            await anext(follow(platform, job_id, new_id()))

    @pytest.mark.parametrize("nonsense", ["", "x", "1-", "²-³", "1-2-3", "-1-5"])
    async def test_an_id_that_is_not_ours_counts_as_none(
        self, platform: Platform, company_id: UUID, nonsense: str
    ) -> None:
        job_id = await add_job(platform, company_id)
        following = follow(platform, job_id, company_id, nonsense)
        assert shown([await anext(following)]) == [("progress", "queued", 0.0)]
        await following.aclose()


class TestReport:
    async def test_reports_in_quick_succession_are_dropped_but_a_new_stage_is_not(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.jobs.job._REPORT_EVERY_S", 3600.0)
        written: list[tuple[str, float]] = []

        async def chatter(job: Job) -> None:
            for stage, number in [*(("reading", number) for number in range(1, 50)), ("writing", 90)]:
                await job.report(number / 100, stage)
                [found] = await backbone.fetch("SELECT stage, progress FROM probe_jobs WHERE id = $1", job.id)
                written.append(tuple(found))

        async with working(platform, chatter):
            job_id = await add_job(platform, company_id)
            seen = [json.loads(event.data) async for event in follow(platform, job_id, company_id)]
        assert sorted(set(written)) == [("reading", 0.01), ("writing", 0.9)]
        assert (seen[-1]["status"], seen[-1]["progress"]) == ("succeeded", 1.0)
