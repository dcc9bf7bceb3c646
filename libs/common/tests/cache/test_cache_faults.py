"""Redis or NATS dead, frozen or cut off from one replica: slower, never wrong, never an error."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etter_common.cache import Cache, CacheKey
from etter_common.cache.shared import BUDGET_S
from etter_common.clock import monotonic
from etter_devstack.servers import nats as nats_server
from etter_devstack.servers import valkey as valkey_server

MakeCache = Callable[..., Awaitable[Cache]]
KEY = CacheKey(None, "roles")
SLACK_S = 2.0  # a busy machine; without the budget a burst would wait for many seconds


class Source:
    def __init__(self, value: bytes = b"one") -> None:
        self.value = value
        self.loads = 0

    async def load(self) -> bytes:
        self.loads += 1
        return self.value


async def read(cache: Cache, source: Source, key: CacheKey = KEY) -> bytes:
    return (await cache.get_or_load(key, source.load, ttl_s=3600, tags=["roles"])).body


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def source() -> Source:
    return Source()


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
            assert await read(cache, source, CacheKey(None, "roles", str(number))) == b"one"
        assert await read(cache, source, CacheKey(None, "roles", "0")) == b"one"
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
        first, second = await make_cache(redis=own_valkey.url), await make_cache(redis=own_valkey.url)
        own_valkey.process.kill()
        await first.invalidate(["roles"])
        await until(lambda: is_away(first) and is_away(second))
        again = valkey_server.start(folder / "again", log=folder / "again.log", port=own_valkey.port)
        try:
            await until(lambda: not is_away(first) and not is_away(second))
            await read(first, source)
            assert await read(second, source) == b"one"
            assert source.loads == 1
        finally:
            again.process.kill()


class TestRedisFrozen:
    async def test_no_read_waits_longer_than_its_budget(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source
    ) -> None:
        cache = await make_cache(redis=own_valkey.url)
        await read(cache, source)
        with frozen(own_valkey.process.pid):
            for number in range(10):
                began = monotonic()
                assert await read(cache, source, CacheKey(None, "roles", str(number))) == b"one"
                assert monotonic() - began < 2 * BUDGET_S + SLACK_S
            assert is_away(cache)
            began = monotonic()
            await read(cache, source, CacheKey(None, "roles", "last"))
            assert monotonic() - began < BUDGET_S, "a server known to be away is not asked again"

    async def test_a_burst_of_reads_waits_once(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source
    ) -> None:
        cache = await make_cache(redis=own_valkey.url)
        with frozen(own_valkey.process.pid):
            began = monotonic()
            keys = [CacheKey(None, "roles", str(number)) for number in range(200)]
            await asyncio.gather(*(read(cache, source, key) for key in keys))
            assert monotonic() - began < 2 * BUDGET_S + SLACK_S

    async def test_an_invalidation_meanwhile_holds_after_it_goes_on(
        self, make_cache: MakeCache, own_valkey: valkey_server.Valkey, source: Source
    ) -> None:
        """The old value is still in Redis under the old versions when it wakes up."""
        first, second = await make_cache(redis=own_valkey.url), await make_cache(redis=own_valkey.url)
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
        first, second = await make_cache(nats=own_nats.url), await make_cache(nats=own_nats.url)
        own_nats.process.kill()
        await until(lambda: not first._hears() and not second._hears())
        again = nats_server.start(folder / "again", log=folder / "again.log", port=own_nats.port)
        try:
            await until(lambda: first._hears() and second._hears())
            await read(second, source)
            assert second.peek(KEY) is not None
            await first.invalidate(["roles"])
            await until(lambda: second.peek(KEY) is None)
        finally:
            again.process.kill()

    async def test_a_frozen_server_is_noticed_within_two_beats(
        self, make_cache: MakeCache, own_nats: nats_server.Nats, source: Source
    ) -> None:
        cache = await make_cache(nats=own_nats.url, beat_s=0.2)
        await read(cache, source)
        with frozen(own_nats.process.pid):
            began = monotonic()
            await until(lambda: cache.peek(KEY) is None)
            assert monotonic() - began < 0.4 + SLACK_S
        await until(lambda: cache._hears())

    async def test_a_writer_that_alone_lost_nats_is_noticed_through_redis(
        self, make_cache: MakeCache, own_nats: nats_server.Nats, source: Source
    ) -> None:
        reading, writing = await make_cache(beat_s=0.1), await make_cache(nats=own_nats.url, beat_s=0.1)
        await read(reading, source)
        own_nats.process.kill()
        await until(lambda: not writing._hears())
        source.value = b"two"
        await writing.invalidate(["roles"])
        await until(lambda: reading.peek(KEY) is None)
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


class TestWithoutNats:
    async def test_nothing_is_kept_in_the_process(self, make_cache: MakeCache, source: Source) -> None:
        cache = await make_cache(nats=None)
        await read(cache, source)
        assert cache.peek(KEY) is None
        assert await read(cache, source) == b"one"
        assert source.loads == 1
