"""Reads through the cache, on real Valkey and NATS: stampedes, lifetimes, renewal, measures."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from etter_common import metrics
from etter_common.cache import Cache, CacheKey, Terms
from etter_common.clock import monotonic
from etter_common.ids import new_id

from .source import COMPANY, KEY, PATIENCE_S, MakeCache, Source, read, until


class TestGetOrLoad:
    async def test_a_second_read_is_answered_from_the_process(self, cache: Cache, source: Source) -> None:
        assert await read(cache, source) == b"one"
        assert cache.peek(KEY) is not None
        assert await read(cache, source) == b"one"
        assert source.loads == 1

    async def test_another_replica_is_answered_from_redis(self, make_cache: MakeCache, source: Source) -> None:
        first, second = await make_cache(), await make_cache()
        await read(first, source)
        assert await read(second, source) == b"one"
        assert source.loads == 1
        assert second.peek(KEY) is not None

    async def test_fifty_concurrent_reads_load_once(self, cache: Cache, source: Source) -> None:
        source.gate.clear()
        reads = [asyncio.create_task(read(cache, source)) for _ in range(50)]
        await source.began.wait()
        source.gate.set()
        assert set(await asyncio.gather(*reads)) == {b"one"}
        assert source.loads == 1

    async def test_fifty_concurrent_reads_over_two_replicas_load_once(
        self, make_cache: MakeCache, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.cache.cache.LEAD_WAIT_S", PATIENCE_S)
        caches = [await make_cache(), await make_cache()]
        source.gate.clear()
        reads = [asyncio.create_task(read(caches[n % 2], source)) for n in range(50)]
        await source.began.wait()
        source.gate.set()
        assert set(await asyncio.gather(*reads)) == {b"one"}
        assert source.loads == 1

    async def test_a_replica_loads_itself_when_the_leader_takes_too_long(
        self, make_cache: MakeCache, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The leader holds its lead for longer than this test may take, so only the bounded wait ends it."""
        monkeypatch.setattr("etter_common.cache.shared.LEASE_S", 10 * PATIENCE_S)
        first, second = await make_cache(), await make_cache()
        source.gate.clear()
        slow = asyncio.create_task(read(first, source))
        await source.began.wait()
        async with asyncio.timeout(PATIENCE_S):
            assert await read(second, Source(b"two")) == b"two"
        source.gate.set()
        await slow

    async def test_a_leader_that_died_is_followed_when_its_lease_is_over(
        self, make_cache: MakeCache, redis: Redis, service: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.cache.cache.LEAD_WAIT_S", 10 * PATIENCE_S)
        cache = await make_cache()
        await redis.set(f"etter:{service}:cache:lock:{KEY}", "of a process that is gone", px=200)
        async with asyncio.timeout(PATIENCE_S):
            assert await read(cache, Source()) == b"one"

    async def test_a_failed_load_reaches_every_waiting_reader_and_is_not_kept(self, cache: Cache) -> None:
        source = Source()
        source.gate.clear()

        async def fail() -> bytes:
            await source.load()
            raise LookupError("gone")

        reads = [asyncio.create_task(cache.get_or_load(KEY, fail, Terms.of(["roles"], ttl_s=60))) for _ in range(3)]
        await source.began.wait()
        source.gate.set()
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LookupError] * 3
        assert source.loads == 1
        assert await read(cache, Source(b"two")) == b"two"

    async def test_a_failed_load_gives_the_lead_to_another_replica(
        self, make_cache: MakeCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither the lease nor the wait for a leader ends within this test: the lead has to be given up."""
        monkeypatch.setattr("etter_common.cache.shared.LEASE_S", 10 * PATIENCE_S)
        monkeypatch.setattr("etter_common.cache.cache.LEAD_WAIT_S", 10 * PATIENCE_S)
        first, second = await make_cache(), await make_cache()

        async def fail() -> bytes:
            raise LookupError("gone")

        with pytest.raises(LookupError):
            await first.get_or_load(KEY, fail, Terms.of(ttl_s=60, tags=["roles"]))
        async with asyncio.timeout(PATIENCE_S):
            assert await read(second, Source()) == b"one"

    async def test_a_cancelled_leader_hands_over_to_a_waiting_reader(self, cache: Cache, source: Source) -> None:
        source.gate.clear()
        leader = asyncio.create_task(read(cache, source))
        await source.began.wait()
        follower = asyncio.create_task(read(cache, Source(b"two")))
        await asyncio.sleep(0)
        leader.cancel()
        assert await follower == b"two"

    async def test_a_cancelled_reader_leaves_the_load_to_the_others(self, cache: Cache, source: Source) -> None:
        source.gate.clear()
        leader = asyncio.create_task(read(cache, source))
        await source.began.wait()
        follower = asyncio.create_task(read(cache, source))
        await asyncio.sleep(0)
        follower.cancel()
        source.gate.set()
        assert await leader == b"one"
        assert source.loads == 1

    async def test_keys_of_two_companies_are_apart(self, cache: Cache) -> None:
        other = CacheKey(new_id(), "roles")
        assert await read(cache, Source(b"one")) == b"one"
        assert await read(cache, Source(b"two"), key=other) == b"two"

    async def test_keys_of_two_scopes_are_apart(self, cache: Cache) -> None:
        other = CacheKey(COMPANY, "roles", scope="own")
        await read(cache, Source(b"one"))
        assert await read(cache, Source(b"two"), key=other) == b"two"

    async def test_the_tag_of_equal_bytes_is_equal_in_every_replica(self, make_cache: MakeCache) -> None:
        first, second = await make_cache(), await make_cache()
        one = await first.get_or_load(KEY, Source().load, Terms.of(ttl_s=60, tags=["roles"]))
        two = await second.get_or_load(KEY, Source().load, Terms.of(ttl_s=60, tags=["roles"]))
        await first.invalidate(["roles"])
        again = await first.get_or_load(KEY, Source().load, Terms.of(ttl_s=60, tags=["roles"]))
        assert one.etag == two.etag == again.etag

    async def test_a_value_too_large_for_redis_is_still_answered(self, cache: Cache, redis: Redis) -> None:
        source = Source(b"x" * (5 * 1024 * 1024))
        assert len(await read(cache, source)) == len(source.value)
        assert await read(cache, source) == source.value
        assert source.loads == 1


class TestLifetime:
    async def test_a_value_past_its_time_is_loaded_again(self, make_cache: MakeCache, source: Source) -> None:
        now = 1000.0
        cache = await make_cache(redis=None, clock=lambda: now)
        await read(cache, source, ttl_s=10)
        now += 10.1
        source.value = b"two"
        assert cache.peek(KEY) is None
        assert await read(cache, source, ttl_s=10) == b"two"

    async def test_lifetimes_are_spread_and_never_longer_than_asked(
        self, cache: Cache, redis: Redis, service: str
    ) -> None:
        for number in range(30):
            await read(cache, Source(), key=CacheKey(COMPANY, "roles", str(number)), ttl_s=100_000)
        names = [name async for name in redis.scan_iter(f"etter:{service}:cache:entry:*")]
        left = [await redis.pttl(name) / 1000 for name in names]
        assert len(left) == 30
        assert 89_000 < min(left) < 95_000 < max(left) <= 100_000

    async def test_the_process_asks_redis_again_after_a_minute(self, make_cache: MakeCache) -> None:
        now = 1000.0
        cache = await make_cache(clock=lambda: now)
        source = Source()
        await read(cache, source, ttl_s=3600)
        now += 60.1
        assert cache.peek(KEY) is None
        assert await read(cache, source, ttl_s=3600) == b"one"
        assert source.loads == 1


class TestStaleWhileRevalidate:
    async def test_the_old_value_is_served_once_while_one_load_runs(self, make_cache: MakeCache) -> None:
        now = 1000.0
        cache = await make_cache(redis=None, clock=lambda: now)
        source = Source()
        await read(cache, source, ttl_s=10, stale_s=30)
        now += 20
        source.value = b"two"
        assert [await read(cache, source, ttl_s=10, stale_s=30) for _ in range(5)] == [b"one"] * 5
        await until(lambda: source.loads == 2 and cache.peek(KEY) is not None)
        assert await read(cache, source, ttl_s=10, stale_s=30) == b"two"
        assert source.loads == 2

    async def test_a_reader_who_did_not_allow_it_waits_for_the_load(self, make_cache: MakeCache) -> None:
        now = 1000.0
        cache = await make_cache(redis=None, clock=lambda: now)
        source = Source()
        await read(cache, source, ttl_s=10, stale_s=30)
        now += 20
        source.value = b"two"
        assert await read(cache, source, ttl_s=10) == b"two"

    async def test_an_invalidated_value_is_not_served_stale(self, make_cache: MakeCache) -> None:
        now = 1000.0
        cache = await make_cache(redis=None, clock=lambda: now)
        source = Source()
        await read(cache, source, ttl_s=10, stale_s=30)
        now += 20
        source.value = b"two"
        await cache.invalidate(["roles"])
        assert await read(cache, source, ttl_s=10, stale_s=30) == b"two"


class TestEarlyRenewal:
    """A value that is read near the end of its time is renewed before it is over; nobody waits."""

    @pytest.fixture(autouse=True)
    def exact_lifetimes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("etter_common.cache.cache._JITTER", 0.0)

    async def test_it_is_renewed_while_the_old_one_is_served(self, make_cache: MakeCache, source: Source) -> None:
        now = monotonic()
        cache = await make_cache(clock=lambda: now, redis=None)
        await read(cache, source, early=True, ttl_s=50)
        source.value = b"two"
        now += 46
        assert await read(cache, source, early=True, ttl_s=50) == b"one"
        await until(lambda: source.loads == 2 and not cache._refreshing)
        assert await read(cache, source, early=True, ttl_s=50) == b"two"
        now += 20  # past the first one's time
        assert await read(cache, source, early=True, ttl_s=50) == b"two"
        assert source.loads == 2

    async def test_who_only_peeks_is_sent_on_once(self, make_cache: MakeCache, source: Source) -> None:
        now = monotonic()
        cache = await make_cache(clock=lambda: now, redis=None)
        await read(cache, source, early=True, ttl_s=50)
        source.gate.clear()
        assert cache.peek(KEY) is not None
        now += 46
        assert cache.peek(KEY) is None
        assert await read(cache, source, early=True, ttl_s=50) == b"one"
        assert cache.peek(KEY) is not None  # somebody is at it
        source.gate.set()

    async def test_of_many_replicas_one_loads(
        self, make_cache: MakeCache, source: Source, redis: Redis, service: str
    ) -> None:
        now = monotonic()
        caches = [await make_cache(clock=lambda: now) for _ in range(3)]
        for cache in caches:
            await read(cache, source, early=True, ttl_s=50)
        source.gate.clear()
        [name] = [name async for name in redis.scan_iter(f"etter:{service}:cache:entry:*")]
        await redis.pexpire(name, 12_000)  # time there does not run by the test's clock
        now += 46
        for cache in caches:
            assert await read(cache, source, early=True, ttl_s=50) == b"one"
        await until(lambda: source.loads > 1)
        source.gate.set()
        await until(lambda: not any(cache._refreshing for cache in caches))
        assert source.loads == 2

    async def test_who_did_not_allow_it_has_no_load_in_the_background(self, make_cache: MakeCache) -> None:
        now = monotonic()
        source = Source()
        cache = await make_cache(clock=lambda: now, redis=None)
        await read(cache, source, ttl_s=50)
        now += 44
        assert cache.peek(KEY) is not None
        await read(cache, source, ttl_s=50)
        assert not cache._refreshing
        assert source.loads == 1


class TestMeasures:
    async def test_hits_by_tier_misses_loads_and_stale_serves_are_counted(self, make_cache: MakeCache) -> None:
        now = 1000.0
        first, second = await make_cache(clock=lambda: now), await make_cache()
        resource = f"measured_{new_id().hex}"
        key, source = CacheKey(COMPANY, resource), Source()

        async def broken() -> bytes:
            raise LookupError

        with pytest.raises(LookupError):
            await first.get_or_load(key, broken, Terms.of(ttl_s=100, tags=[]))
        for cache in (first, first, first, second):
            await read(cache, source, key=key, ttl_s=100, stale_s=600)
        now += 200
        await read(first, source, key=key, ttl_s=100, stale_s=600)
        await until(lambda: not first._refreshing)
        assert {name: value for name, value in _samples(resource).items() if value} == {
            "etter_cache_hits_total l1": 2, "etter_cache_hits_total l2": 2, "etter_cache_misses_total": 2,
            "etter_cache_loads_total failed": 1, "etter_cache_loads_total loaded": 1,
            "etter_cache_load_seconds_count": 1, "etter_cache_stale_serves_total": 1,
        }  # fmt: skip

    async def test_the_first_tier_keeps_to_its_bound_and_tells_its_size(self, make_cache: MakeCache) -> None:
        cache = await make_cache(redis=None, l1_max_bytes=100_000)
        evicted = metrics.CACHE_EVICTIONS._value.get()
        for number in range(40):
            await read(cache, Source(bytes(10_000)), key=CacheKey(COMPANY, "roles", str(number)))
        assert cache._memory.bytes <= 100_000
        assert metrics.CACHE_L1_BYTES._value.get() == cache._memory.bytes
        assert metrics.CACHE_L1_ENTRIES._value.get() == len(cache._memory) < 10
        assert metrics.CACHE_EVICTIONS._value.get() == evicted + 40 - len(cache._memory)


def _samples(resource: str) -> dict[str, float]:
    """All cache metrics of this resource: their name, with what else they are labelled by."""
    found = {}
    for family in metrics.REGISTRY.collect():
        for sample in family.samples:
            if sample.labels.get("resource") == resource and not sample.name.endswith(("_created", "_bucket", "_sum")):
                others = [value for label, value in sample.labels.items() if label != "resource"]
                found[" ".join([sample.name, *others])] = sample.value
    return found
