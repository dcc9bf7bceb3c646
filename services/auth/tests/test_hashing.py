"""The hasher: right, wrong, nobody, and too many at a time."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from threading import Barrier

import pytest

from etter_auth.hashing import NICER_BY, Hasher, TooManySignIns
from etter_auth.settings import AuthSettings

SETTINGS = {
    "database_url": "postgresql+asyncpg://none",
    "redis_url": "x",
    "nats_url": "x",
    "argon2_memory_kib": 8,
    "argon2_time_cost": 1,
}


def hasher(**given: float) -> Hasher:
    return Hasher(AuthSettings.model_validate(SETTINGS | given))


class TestHasher:
    async def test_right_and_wrong(self) -> None:
        made = hasher()
        stored = await made.hash("an otter sings at dusk")
        assert await made.matching([stored], "an otter sings at dusk") == {stored: None}
        assert await made.matching([stored], "an otter sings at dawn") == {}

    def test_defaults_are_those_of_asvs(self) -> None:
        settings = AuthSettings.model_validate(
            {"database_url": "postgresql+asyncpg://none", "redis_url": "x", "nats_url": "x"}
        )
        parameters = settings.argon2_memory_kib, settings.argon2_time_cost, settings.argon2_parallelism
        assert parameters == (19_456, 2, 1)


class TestPermit:
    async def held(self, made: Hasher, until: asyncio.Event) -> None:
        async with made.permit():
            await until.wait()

    async def test_as_many_as_there_are_threads_and_one_that_prepares(self) -> None:
        made, over = hasher(hash_threads=2, hash_queue=1), asyncio.Event()
        tasks = [asyncio.create_task(self.held(made, over)) for _ in range(5)]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert [type(task.exception()) for task in done] == [TooManySignIns]
        over.set()
        await asyncio.gather(*waiting)
        async with made.permit():
            assert await made.hash("x")

    async def test_who_waits_too_long_gets_an_error_that_says_when_to_come_back(self) -> None:
        made, over = hasher(hash_threads=1, hash_wait_s=0.01), asyncio.Event()
        inside = [asyncio.create_task(self.held(made, over)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManySignIns) as refused:
            await self.held(made, over)
        assert refused.value.headers["Retry-After"] == "5"
        over.set()
        await asyncio.gather(*inside)


class TestThreads:
    @pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority on Linux only")
    async def test_hashes_have_a_lower_priority_than_the_event_loop(self) -> None:
        here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        there = await hasher()._in_thread(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        assert there == here + NICER_BY

    async def test_no_more_hashes_at_once_than_threads(self) -> None:
        made, inside, most = hasher(hash_threads=2), Barrier(2), []

        def both() -> None:
            inside.wait()
            most.append(threading.get_ident())

        await asyncio.gather(*(made._in_thread(both) for _ in range(8)))
        assert len(set(most)) == 2
