"""Whose job is next, and what becomes of a message that finds nothing to do."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from etter_common.clock import utc_now
from etter_common.ids import new_id
from etter_common.jobs import Queue
from etter_common.jobs.claim import _FAIREST, Claimed, Settled, claim
from etter_common.jobs.queue import Ticket
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, ProbeJob

QUEUE = Queue("probe", ack_wait_s=5.0)


async def add(platform: Platform, company_id: UUID, count: int = 1, **columns: Any) -> list[UUID]:
    async with platform.work(company_id=company_id) as ctx:
        rows = [ProbeJob(id=new_id(), company_id=company_id, **columns) for _ in range(count)]
        ctx.session.add_all(rows)
    return [row.id for row in rows]


async def take(platform: Platform, ticket: UUID | None = None) -> Claimed | Settled:
    own = Ticket(job_id=ticket or new_id(), company_id=new_id())
    return await claim(platform, QUEUE, ProbeJob, own, worker="w")


async def taken(platform: Platform) -> Claimed:
    found = await take(platform)
    assert isinstance(found, Claimed)
    return found


class TestTurns:
    async def test_one_job_does_not_wait_for_another_company_s_thousand(self, platform: Platform) -> None:
        large, small = new_id(), new_id()
        await add(platform, large, 1000)
        [single] = await add(platform, small)
        assert single in [(await taken(platform)).job_id for _ in range(2)]

    async def test_companies_take_turns_and_none_twice_in_a_row(self, platform: Platform) -> None:
        companies = [new_id() for _ in range(3)]
        for company in companies:
            await add(platform, company, 10)
        order = [(await taken(platform)).company_id for _ in range(30)]
        for start in range(0, 30, 3):
            assert set(order[start : start + 3]) == set(companies)

    async def test_the_fewest_running_come_first(self, platform: Platform, backbone: Backbone) -> None:
        busy, idle = new_id(), new_id()
        await add(platform, busy, 3)
        for _ in range(2):
            await taken(platform)
        await add(platform, idle, 2)
        await backbone.fetch("UPDATE probe_jobs SET taken_at = now() - interval '1 hour' WHERE company_id = $1", busy)
        assert [(await taken(platform)).company_id for _ in range(3)] == [idle, idle, busy]

    async def test_within_a_company_the_oldest_goes_first(self, platform: Platform, company_id: UUID) -> None:
        now = utc_now()
        ages = list(range(8))
        random.Random(7).shuffle(ages)
        ids = {age: (await add(platform, company_id, queued_at=now - timedelta(seconds=age)))[0] for age in ages}
        order = [(await taken(platform)).job_id for _ in ages]
        assert order == [ids[age] for age in sorted(ages, reverse=True)]

    async def test_a_lost_worker_s_job_goes_before_all(self, platform: Platform, backbone: Backbone) -> None:
        [lost] = await add(platform, new_id())
        assert (await taken(platform)).job_id == lost
        await add(platform, new_id(), 5)
        await backbone.fetch("UPDATE probe_jobs SET heartbeat_at = now() - interval '1 minute' WHERE id = $1", lost)
        again = await taken(platform)
        assert (again.job_id, again.row.attempts) == (lost, 2)

    async def test_what_waits_costs_no_scan_of_what_is_done(self, platform: Platform, backbone: Backbone) -> None:
        await add(platform, new_id(), 3)
        await backbone.fetch(
            "INSERT INTO probe_jobs (id, company_id, status) SELECT gen_random_uuid(), $1, 'succeeded' "
            "FROM generate_series(1, 20000)",
            new_id(),
        )
        await backbone.fetch("ANALYZE probe_jobs")
        query = _FAIREST.format(table="probe_jobs").replace(":patience", "4")
        plan = "\n".join(row[0] for row in await backbone.fetch(f"EXPLAIN {query}"))
        assert "Seq Scan" not in plan, plan


class TestNothingToTake:
    async def test_the_message_is_done_with(self, platform: Platform) -> None:
        assert await take(platform) == Settled()

    async def test_it_stays_for_a_job_that_waits_for_its_time(self, platform: Platform, company_id: UUID) -> None:
        await add(platform, company_id, not_before=utc_now() + timedelta(seconds=30), failures=1)
        settled = await take(platform)
        assert isinstance(settled, Settled)
        assert settled.again_in_s == pytest.approx(30, abs=2)

    async def test_it_stays_for_its_own_job_while_that_may_lose_its_worker(
        self, platform: Platform, company_id: UUID
    ) -> None:
        [job] = await add(platform, company_id)
        await taken(platform)
        settled = await take(platform, job)
        assert isinstance(settled, Settled)
        assert 0 < (settled.again_in_s or 0) <= QUEUE.ack_wait_s

    async def test_a_job_under_way_elsewhere_is_passed_over(self, platform: Platform, company_id: UUID) -> None:
        """Another worker is in the middle of taking the first."""
        await add(platform, company_id, 2)
        async with platform.work(system=True) as ctx:
            held = await ctx.session.scalar(text(_FAIREST.format(table="probe_jobs")), {"patience": 4})
            other = await taken(platform)
        assert other.job_id != held
