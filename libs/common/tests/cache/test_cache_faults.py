"""Redis or NATS dead, frozen or cut off from one replica: slower, never wrong, never an error."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from etter_common import metrics
from etter_common.cache import Cache, CacheKey
from etter_common.cache.line import AT_ONCE
from etter_common.cache.shared import _TRIPS_AFTER
from etter_devstack.servers import nats as nats_server
from etter_devstack.servers import valkey as valkey_server

from .source import KEY, PATIENCE_S, MakeCache, Source, read, until

OFTEN_S = 0.5  # between two looks at the connections; a busy machine may miss one


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often Redis was asked, by command; a batch of them is one `PIPELINE`."""
    counted: Counter[str] = Counter()
    execute: Any = Redis.execute_command  # without types
    execute_all: Any = Pipeline.execute

    async def count(client: Redis, *words: object, **options: object) -> object:
        counted[str(words[0])] += 1
        return await execute(client, *words, **options)

    async def count_batch(pipeline: Pipeline, **options: object) -> object:
        counted["PIPELINE"] += 1
        return await execute_all(pipeline, **options)

    monkeypatch.setattr(Redis, "execute_command", count)
    monkeypatch.setattr(Pipeline, "execute", count_batch)
    return counted


async def read_until_kept(cache: Cache, source: Source) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while cache.peek(KEY) is None:
            await read(cache, source)
            await asyncio.sleep(0.01)


def is_away(cache: Cache) -> bool:
    assert cache._shared is not None
    return cache._shared.is_away


def owes(cache: Cache) -> bool:
    assert cache._shared is not None
    return bool(cache._shared._owed)


class TestRedisDead:
    async def test_reads_go_on_from_the_process(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source
    ) -> None:
        cache = await make_cache(redis=own_valkey.url)
        own_valkey.process.kill()
        for number in range(20):
            assert await read(cache, source, key=CacheKey(None, "roles", str(number))) == b"one"
        assert await read(cache, source, key=CacheKey(None, "roles", "0")) == b"one"
        assert source.loads == 20

    async def test_invalidations_still_reach_every_replica(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source
    ) -> None:
        first, second = await make_cache(redis=own_valkey.url), await make_cache(redis=own_valkey.url)
        own_valkey.process.kill()
        await read(second, source)
        assert second.peek(KEY) is not None
        source.value = b"two"
        await first.invalidate(["roles"])
        await until(lambda: second.peek(KEY) is None)
        assert await read(second, source) == b"two"

    async def test_it_is_used_again_after_its_return(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, folder: Path, source: Source
    ) -> None:
        first, second = [await make_cache(redis=own_valkey.url, beat_s=OFTEN_S) for _ in range(2)]
        own_valkey.process.kill()
        await first.invalidate(["roles"])
        await until(lambda: is_away(first) and is_away(second))
        again = valkey_server.start(folder / "again", log=folder / "again.log", port=own_valkey.port)
        try:
            await until(lambda: not any(is_away(cache) or owes(cache) for cache in (first, second)))
            await read(first, source)
            assert await read(second, source) == b"one"
            assert source.loads == 1
        finally:
            again.process.kill()


class TestRedisFrozen:
    """The client in these tests has no timeouts of its own: without the budget every read would wait for ever."""

    async def test_every_read_is_answered_and_a_server_known_to_be_away_is_not_asked_again(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source, asked: Counter[str]
    ) -> None:
        cache = await make_cache(redis=own_valkey.url, patient=False, beat_s=10 * PATIENCE_S)
        await read(cache, source)
        with frozen(own_valkey.process.pid):
            asked.clear()
            async with asyncio.timeout(PATIENCE_S):
                for number in range(10):
                    assert await read(cache, source, key=CacheKey(None, "roles", str(number))) == b"one"
        assert is_away(cache)
        assert asked["EVALSHA"] == 2, "two in a row, and none after that"

    async def test_a_burst_of_reads_waits_together(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source, asked: Counter[str]
    ) -> None:
        """Who waits for a free call spends the budget too, so no read is ever behind another one's."""
        cache = await make_cache(redis=own_valkey.url, patient=False, beat_s=10 * PATIENCE_S)
        with frozen(own_valkey.process.pid):
            asked.clear()
            keys = [CacheKey(None, "roles", str(number)) for number in range(200)]
            async with asyncio.timeout(PATIENCE_S):
                found = await asyncio.gather(*(read(cache, source, key=key) for key in keys))
        assert found == [b"one"] * 200
        assert 0 < asked.total() <= AT_ONCE + _TRIPS_AFTER

    async def test_an_invalidation_meanwhile_holds_after_it_goes_on(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source
    ) -> None:
        """The old value is still in Redis under the old versions when it wakes up."""
        first, second = [await make_cache(redis=own_valkey.url, patient=False) for _ in range(2)]
        await read(first, source)
        await read(second, source)
        with frozen(own_valkey.process.pid):
            source.value = b"two"
            await first.invalidate(["roles"])
            await until(lambda: second.peek(KEY) is None)
        assert await read(first, source) == b"two"
        assert await read(second, source) == b"two"
        await until(lambda: not owes(first) and not owes(second))
        newcomer = await make_cache(redis=own_valkey.url)
        assert await read(newcomer, source) == b"two"


class TestNatsLost:
    async def test_the_process_keeps_nothing_and_redis_still_answers_right(
        self, make_cache: MakeCache, own_nats: nats_server.Nats, source: Source
    ) -> None:
        first, second = await make_cache(nats=own_nats.url), await make_cache(nats=own_nats.url)
        await read(first, source)
        await read(second, source)
        own_nats.process.kill()
        await until(lambda: second.peek(KEY) is None and first.peek(KEY) is None)
        assert len(second._memory) == 0
        source.value = b"two"
        await first.invalidate(["roles"])
        assert await read(second, source) == b"two"
        assert await read(first, source) == b"two"
        assert second.peek(KEY) is None
        assert source.loads == 2

    async def test_a_reconnect_between_two_looks_empties_the_process_too(
        self, make_cache: MakeCache, own_nats: nats_server.Nats, folder: Path, source: Source
    ) -> None:
        cache = await make_cache(nats=own_nats.url, beat_s=30)  # no beat notices it
        await read(cache, source)
        assert cache._backplane is not None
        client = cache._backplane._nats
        own_nats.process.kill()
        again = nats_server.start(folder / "again", log=folder / "again.log", port=own_nats.port)
        try:
            await until(lambda: client.stats["reconnects"] == 1 and client.is_connected)
            assert cache.peek(KEY) is None
            assert len(cache._memory) == 0
        finally:
            again.process.kill()

    async def test_the_process_keeps_values_again_after_its_return(
        self, make_cache: MakeCache, own_nats: nats_server.Nats, folder: Path, source: Source
    ) -> None:
        first, second = [await make_cache(nats=own_nats.url, beat_s=OFTEN_S) for _ in range(2)]
        own_nats.process.kill()
        await until(lambda: not first._hears() and not second._hears())
        again = nats_server.start(folder / "again", log=folder / "again.log", port=own_nats.port)
        try:
            await until(lambda: first._hears() and second._hears())
            await read_until_kept(second, source)
            await first.invalidate(["roles"])
            await until(lambda: second.peek(KEY) is None)
        finally:
            again.process.kill()

    async def test_a_frozen_server_is_noticed_by_the_round_trip(
        self, make_cache: MakeCache, own_nats: nats_server.Nats, source: Source
    ) -> None:
        """The client's own ping would take minutes."""
        cache = await make_cache(nats=own_nats.url, beat_s=OFTEN_S)
        await read_until_kept(cache, source)
        with frozen(own_nats.process.pid):
            await until(lambda: cache.peek(KEY) is None)
        await until(lambda: cache._hears())

    async def test_a_writer_that_alone_lost_nats_is_noticed_through_redis(
        self, make_cache: MakeCache, own_nats: nats_server.Nats, source: Source
    ) -> None:
        reading, writing = await make_cache(beat_s=OFTEN_S), await make_cache(nats=own_nats.url, beat_s=OFTEN_S)
        await read_until_kept(reading, source)
        missed = metrics.CACHE_CLEARS.labels("invalidation_missed")
        before = missed._value.get()
        own_nats.process.kill()
        await until(lambda: not writing._hears())
        source.value = b"two"
        await writing.invalidate(["roles"])
        await until(lambda: missed._value.get() > before)
        assert await read(reading, source) == b"two"


class TestBothGone:
    async def test_every_read_loads_and_none_is_stale(
        self,
        make_cache: MakeCache,
        own_nats: nats_server.Nats,
        own_valkey: valkey_server.Valkey,
        source: Source,
    ) -> None:
        urls = {"redis": own_valkey.url, "nats": own_nats.url}
        first, second = await make_cache(**urls), await make_cache(**urls)
        await read(second, source)
        own_nats.process.kill()
        own_valkey.process.kill()
        await until(lambda: not second._hears())
        for value in (b"two", b"three"):
            source.value = value
            await first.invalidate(["roles"])
            assert await read(second, source) == value
            assert await read(first, source) == value

    async def test_a_load_that_may_be_older_than_an_unheard_change_is_not_joined(self, make_cache: MakeCache) -> None:
        now = 1000.0
        cache = await make_cache(redis=None, nats=None, clock=lambda: now)
        source = Source()
        source.gate.clear()
        early = asyncio.create_task(read(cache, source))
        await source.began.wait()
        now += 0.04
        joined = asyncio.create_task(read(cache, Source(b"not needed")))
        await asyncio.sleep(0)
        now += 0.02
        async with asyncio.timeout(PATIENCE_S):
            assert await read(cache, Source(b"two")) == b"two"
        source.gate.set()
        assert (await early, await joined) == (b"one", b"one")


class TestWithoutNats:
    async def test_nothing_is_kept_in_the_process(self, make_cache: MakeCache, source: Source) -> None:
        cache = await make_cache(nats=None)
        await read(cache, source)
        assert cache.peek(KEY) is None
        assert await read(cache, source) == b"one"
        assert source.loads == 1
