"""Sign-in tries in the database: the same buckets as in `door.py`, and by the database's clock alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import text

from etter_auth.passwords.tries import PAIR, Buckets, Outcome
from etter_auth.passwords.tries_repository import Hold, TriesRepository
from etter_common import clock
from etter_common.context import Context
from etter_common.platform import Platform

from ..conftest import AGING, pass_time, rows_of
from .door import Door, at

HOLD_S = 30.0


async def hold(platform: Platform, buckets: Buckets) -> Hold:
    async with platform.work(system=True) as ctx:
        return await TriesRepository(ctx).hold(buckets, for_s=HOLD_S)


async def settle(platform: Platform, held: Hold, outcome: Outcome) -> None:
    async with platform.work(system=True) as ctx:
        await ctx.session.execute(held.settled(outcome))


async def knock(platform: Platform, buckets: Buckets, *, is_right: bool) -> int:
    async with platform.work(system=True) as ctx:
        return await knock_in(ctx, buckets, is_right=is_right)


async def knock_in(ctx: Context, buckets: Buckets, *, is_right: bool) -> int:
    held = await TriesRepository(ctx).hold(buckets, for_s=HOLD_S)
    outcome = Outcome.DELAYED if held.wait_s else Outcome.RIGHT if is_right else Outcome.WRONG
    await ctx.session.execute(held.settled(outcome))
    return held.wait_s


@pytest.fixture
def mine() -> Buckets:
    return at(f"{uuid4()}@x.example", f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")


class TestBuckets:
    @pytest.mark.parametrize("seed", range(4))
    async def test_they_are_those_of_the_simulation(self, platform: Platform, seed: int) -> None:
        """Random tries at three accounts from two networks with pauses: the same waits. A transaction has one time."""
        chance, door, now = Random(seed), Door(), 0.0
        everybody = [
            at(f"{uuid4()}@x.example", ip)
            for ip in (f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1" for _ in range(2))
            for _ in range(3)
        ]
        async with platform.work(system=True) as ctx:
            for _ in range(200):
                if chance.random() < 0.1:
                    pause_s = chance.randrange(3600)
                    now += pause_s
                    await ctx.session.execute(AGING, {"by": timedelta(seconds=pause_s)})
                buckets, is_right = chance.choice(everybody), chance.random() < 0.1
                wait = await knock_in(ctx, buckets, is_right=is_right)
                assert wait == door.knock(buckets, now, is_right=is_right)

    async def test_it_drains_while_others_go_on_trying(self, platform: Platform, mine: Buckets) -> None:
        waits = [await knock(platform, mine, is_right=False) for _ in range(PAIR.capacity + 1)]
        assert [wait > 0 for wait in waits] == [False] * PAIR.capacity + [True]
        for _ in range(3):
            await pass_time(platform, seconds=PAIR.drain_s)
            assert await knock(platform, mine, is_right=False) == 0
            assert await knock(platform, mine, is_right=False) > 0

    async def test_no_clock_but_the_databases_counts(self, platform: Platform, mine: Buckets) -> None:
        for _ in range(PAIR.capacity):
            await knock(platform, mine, is_right=False)
        clock.freeze(lambda: datetime(2090, 1, 1, tzinfo=UTC))
        try:
            assert await knock(platform, mine, is_right=False) > 0
        finally:
            clock.freeze(None)

    async def test_a_clock_of_the_database_that_goes_back_locks_nobody_out(
        self, platform: Platform, mine: Buckets
    ) -> None:
        for _ in range(PAIR.capacity):
            await knock(platform, mine, is_right=False)
        await pass_time(platform, hours=-1)
        assert 0 < await knock(platform, mine, is_right=False) <= PAIR.drain_s
        await pass_time(platform, seconds=PAIR.drain_s)
        assert await knock(platform, mine, is_right=False) == 0

    async def test_success_empties_the_pairs_bucket_alone(self, platform: Platform, mine: Buckets) -> None:
        for _ in range(8):
            await knock(platform, mine, is_right=False)
        await knock(platform, mine, is_right=True)
        levels = {key: row["level"] for key, row in (await rows_of(platform, mine)).items()}
        assert levels[mine.pair] == 0
        assert levels[mine.account] == pytest.approx(8, abs=0.5)
        assert levels[mine.network] == pytest.approx(3, abs=0.5)


class TestHolds:
    async def test_tries_in_progress_take_up_room(self, platform: Platform, mine: Buckets) -> None:
        held = await asyncio.gather(*(hold(platform, mine) for _ in range(PAIR.capacity + 5)))
        assert sum(each.wait_s == 0 for each in held) == PAIR.capacity

    async def test_a_try_that_never_ends_leaves_nothing(self, platform: Platform, mine: Buckets) -> None:
        for _ in range(PAIR.capacity):
            await hold(platform, mine)
        assert (await hold(platform, mine)).wait_s > 0
        await pass_time(platform, seconds=HOLD_S)
        held = await hold(platform, mine)
        assert held.wait_s == 0
        await settle(platform, held, Outcome.RIGHT)
        assert {
            (row["level"], row["tries"], len(row["holds"])) for row in (await rows_of(platform, mine)).values()
        } == {(0.0, 0, 0)}

    async def test_a_hold_of_a_clock_that_went_back_ends(self, platform: Platform, mine: Buckets) -> None:
        for _ in range(PAIR.capacity):
            await hold(platform, mine)
        await pass_time(platform, hours=-1)
        assert (await hold(platform, mine)).wait_s == 0

    async def test_many_at_once_do_not_deadlock(self, platform: Platform, mine: Buckets) -> None:
        others = [Buckets(mine.network, mine.pair, mine.account), Buckets(mine.account, mine.network, mine.pair), mine]
        await asyncio.gather(*(knock(platform, others[n % 3], is_right=n % 5 == 0) for n in range(60)))


class TestForget:
    async def test_empty_buckets_go_and_known_pairs_stay(self, platform: Platform, mine: Buckets) -> None:
        await knock(platform, mine, is_right=True)
        for kept, hours in ((3, 23), (1, 2), (1, 24 * 28), (0, 24 * 2)):
            await pass_time(platform, hours=hours)
            async with platform.work(system=True) as ctx:
                await TriesRepository(ctx).forget()
            assert len(await rows_of(platform, mine)) == kept


async def test_the_release_before_still_writes_its_rows(platform: Platform) -> None:
    key = uuid4().bytes
    async with platform.db.transaction(None, system=True) as session:
        await session.execute(
            text(
                "INSERT INTO sign_in_tries (key, tries, blocked_until, was_refused, last_at)"
                " VALUES (:key, 1, now(), false, now())"
            ),
            {"key": key},
        )
        found = await session.execute(text("SELECT level, holds FROM sign_in_tries WHERE key = :key"), {"key": key})
        assert tuple(found.one()) == (0.0, [])
