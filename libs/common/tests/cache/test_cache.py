"""The cache on real Valkey and NATS: stampedes, invalidations that overtake loads, replicas."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from etter_common import metrics
from etter_common.cache import Cache, CacheKey, Entry
from etter_common.cache.shared import SharedTier
from etter_common.clock import monotonic
from etter_common.errors import NotFound, Unavailable
from etter_common.ids import new_id

MakeCache = Callable[..., Awaitable[Cache]]
COMPANY = UUID("01900000-0000-7000-8000-000000000001")
KEY = CacheKey(COMPANY, "roles")


class Source:
    """What the loads read: a value that a test changes, and gates that hold a load where the test wants it."""

    def __init__(self, value: bytes = b"one") -> None:
        self.value = value
        self.loads = 0
        self.began = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> bytes:
        self.loads += 1
        value = self.value
        self.began.set()
        await self.gate.wait()
        return value


async def read(cache: Cache, source: Source, *, key: CacheKey = KEY, **terms: Any) -> bytes:
    entry = await cache.get_or_load(key, source.load, ttl_s=terms.pop("ttl_s", 60), tags=["roles"], **terms)
    return entry.body


async def until(condition: Callable[[], bool]) -> None:
    """Wait by polling, for at most five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


@pytest.fixture
async def cache(make_cache: MakeCache) -> Cache:
    return await make_cache()


@pytest.fixture
def source() -> Source:
    return Source()


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
        self, make_cache: MakeCache, source: Source
    ) -> None:
        caches = [await make_cache(), await make_cache()]
        source.gate.clear()
        reads = [asyncio.create_task(read(caches[n % 2], source)) for n in range(50)]
        await source.began.wait()
        source.gate.set()
        assert set(await asyncio.gather(*reads)) == {b"one"}
        assert source.loads == 1

    async def test_a_replica_loads_itself_when_the_leader_takes_too_long(
        self, make_cache: MakeCache, source: Source
    ) -> None:
        first, second = await make_cache(), await make_cache()
        source.gate.clear()
        slow = asyncio.create_task(read(first, source))
        await source.began.wait()
        quick = Source()
        began = monotonic()
        assert await read(second, quick) == b"one"
        assert monotonic() - began < 3
        source.gate.set()
        await slow

    async def test_a_failed_load_reaches_every_waiting_reader_and_is_not_kept(self, cache: Cache) -> None:
        source = Source()
        source.gate.clear()

        async def fail() -> bytes:
            await source.load()
            raise LookupError("gone")

        reads = [asyncio.create_task(cache.get_or_load(KEY, fail, ttl_s=60, tags=["roles"])) for _ in range(3)]
        await source.began.wait()
        source.gate.set()
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [LookupError] * 3
        assert source.loads == 1
        assert await read(cache, Source(b"two")) == b"two"

    async def test_a_failed_load_gives_the_lead_to_another_replica(self, make_cache: MakeCache) -> None:
        first, second = await make_cache(), await make_cache()

        async def fail() -> bytes:
            raise LookupError("gone")

        with pytest.raises(LookupError):
            await first.get_or_load(KEY, fail, ttl_s=60, tags=["roles"])
        began = monotonic()
        assert await read(second, Source()) == b"one"
        assert monotonic() - began < 0.9, "it waited for a lead that had been given up"

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
        one = await first.get_or_load(KEY, Source().load, ttl_s=60, tags=["roles"])
        two = await second.get_or_load(KEY, Source().load, ttl_s=60, tags=["roles"])
        await first.invalidate(["roles"])
        again = await first.get_or_load(KEY, Source().load, ttl_s=60, tags=["roles"])
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
            await read(cache, Source(), key=CacheKey(COMPANY, "roles", str(number)), ttl_s=1000)
        names = [name async for name in redis.scan_iter(f"etter:{service}:cache:entry:*")]
        left = [await redis.pttl(name) / 1000 for name in names]
        assert len(left) == 30
        assert 890 < min(left) < 950 < max(left) <= 1000

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
        await redis.pexpire(name, 4000)  # time there does not run by the test's clock
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


class TestFailSafe:
    async def test_the_value_last_seen_is_served_while_the_database_is_away(self, make_cache: MakeCache) -> None:
        now, tries = monotonic(), 0
        source = Source()
        cache = await make_cache(clock=lambda: now, redis=None)

        async def away() -> bytes:
            nonlocal tries
            tries += 1
            raise Unavailable("the database is away")

        await read(cache, source, ttl_s=50, fail_safe_s=300)
        now += 60
        for _ in range(5):
            entry = await cache.get_or_load(KEY, away, ttl_s=50, tags=["roles"], fail_safe_s=300)
            assert entry.body == b"one"
        assert tries == 1  # the others wait until the next try is due
        now += 10
        await cache.get_or_load(KEY, away, ttl_s=50, tags=["roles"], fail_safe_s=300)
        assert tries == 2
        now += 300
        with pytest.raises(Unavailable):
            await cache.get_or_load(KEY, away, ttl_s=50, tags=["roles"], fail_safe_s=300)

    async def test_an_invalidated_one_is_not(self, make_cache: MakeCache, source: Source) -> None:
        cache = await make_cache(redis=None)
        await read(cache, source, fail_safe_s=300)
        await cache.invalidate(["roles"])

        async def away() -> bytes:
            raise Unavailable

        with pytest.raises(Unavailable):
            await cache.get_or_load(KEY, away, ttl_s=50, tags=["roles"], fail_safe_s=300)

    async def test_a_bug_is_not_hidden(self, make_cache: MakeCache, source: Source) -> None:
        now = monotonic()
        cache = await make_cache(clock=lambda: now, redis=None)
        await read(cache, source, ttl_s=50, fail_safe_s=300)
        now += 60

        async def broken() -> bytes:
            raise KeyError("bug")

        with pytest.raises(KeyError):
            await cache.get_or_load(KEY, broken, ttl_s=50, tags=["roles"], fail_safe_s=300)


class TestAbsence:
    class Source404(Source):
        async def load(self) -> bytes:
            self.loads += 1
            raise NotFound("there is no role 7")

    async def test_it_is_remembered_for_its_own_time_in_both_tiers(self, make_cache: MakeCache) -> None:
        first, second = await make_cache(), await make_cache()
        source = self.Source404()
        for cache in (first, first, second):
            with pytest.raises(NotFound, match="there is no role 7"):
                await read(cache, source, absent_s=30)
        assert source.loads == 1
        assert first.peek(KEY) is None  # nothing to send

    async def test_what_comes_into_being_ends_it(self, make_cache: MakeCache, source: Source) -> None:
        first, second = await make_cache(), await make_cache()
        with pytest.raises(NotFound):
            await read(first, self.Source404(), absent_s=30)
        await second.invalidate(["roles"])
        assert await read(second, source, absent_s=30) == b"one"

    async def test_it_is_not_remembered_unasked(self, cache: Cache) -> None:
        source = self.Source404()
        for _ in range(2):
            with pytest.raises(NotFound):
                await read(cache, source)
        assert source.loads == 2

    async def test_it_lives_no_longer_than_asked(self, cache: Cache, redis: Redis, service: str) -> None:
        with pytest.raises(NotFound):
            await read(cache, self.Source404(), absent_s=30, ttl_s=3600)
        [name] = [name async for name in redis.scan_iter(f"etter:{service}:cache:entry:*")]
        assert 26_000 < await redis.pttl(name) <= 30_000


class TestEveryOrder:
    """Two readers in two replicas and one writer, in every order their steps can come in."""

    STEPS = sorted(set(itertools.permutations(["read 0", "read 0", "read 1", "read 1", "write", "write"])))

    async def test_who_begins_after_the_invalidation_sees_the_new_value(
        self, make_cache: MakeCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.cache.cache.LEAD_WAIT_S", 0.0)
        caches = [await make_cache(), await make_cache()]
        for number, order in enumerate(self.STEPS):
            await self._play(caches, CacheKey(COMPANY, "roles", str(number)), order)

    @staticmethod
    async def _play(caches: list[Cache], key: CacheKey, order: tuple[str, ...]) -> None:
        name = f"roles {key.params}"
        truth, dropped, counts = b"old", False, Counter[str]()
        readers: dict[str, tuple[Source, asyncio.Task[Entry], bool]] = {}
        for step in order:
            counts[step] += 1
            match step, counts[step]:
                case "write", 1:
                    truth = b"new"
                case "write", 2:
                    await caches[0].invalidate([name])
                    for cache in caches:
                        assert cache._backplane is not None
                        await cache._backplane.beat()
                    dropped = True
                case reader, 1:
                    source = Source(truth)
                    source.gate.clear()
                    cache = caches[int(reader[-1])]
                    task = asyncio.create_task(cache.get_or_load(key, source.load, ttl_s=60, tags=[name]))
                    began = asyncio.create_task(source.began.wait())
                    await asyncio.wait({task, began}, return_when=asyncio.FIRST_COMPLETED)
                    began.cancel()
                    readers[reader] = source, task, dropped
                case reader, _:
                    source, task, began_after = readers[reader]
                    source.gate.set()
                    seen = (await task).body
                    assert seen == b"new" or not began_after, order
        for cache in caches:
            last = await cache.get_or_load(key, Source(truth).load, ttl_s=60, tags=[name])
            assert last.body == b"new", order


class TestInvalidateDuringALoad:
    """What was loaded before an invalidation is kept nowhere after it, whichever step it falls between."""

    async def test_in_the_same_replica(self, cache: Cache, source: Source) -> None:
        source.gate.clear()
        early = asyncio.create_task(read(cache, source))
        await source.began.wait()
        source.value = b"two"
        await cache.invalidate(["roles"])
        source.gate.set()
        assert await early == b"one", "it asked before the change"
        assert cache.peek(KEY) is None
        assert await read(cache, source) == b"two"

    async def test_from_another_replica(self, make_cache: MakeCache, source: Source) -> None:
        loading, writing = await make_cache(), await make_cache()
        source.gate.clear()
        early = asyncio.create_task(read(loading, source))
        await source.began.wait()
        source.value = b"two"
        await writing.invalidate(["roles"])
        source.gate.set()
        await early
        assert await read(loading, source) == b"two"
        assert await read(writing, source) == b"two"

    async def test_a_reader_after_it_does_not_join_the_load_from_before(self, cache: Cache, source: Source) -> None:
        source.gate.clear()
        early = asyncio.create_task(read(cache, source))
        await source.began.wait()
        source.value = b"two"
        await cache.invalidate(["roles"])
        late = asyncio.create_task(read(cache, source))
        source.gate.set()
        assert await late == b"two"
        await early

    async def test_without_a_second_tier(self, make_cache: MakeCache, source: Source) -> None:
        loading, writing = await make_cache(redis=None), await make_cache(redis=None)
        source.gate.clear()
        early = asyncio.create_task(read(loading, source))
        await source.began.wait()
        source.value = b"two"
        await writing.invalidate(["roles"])
        await until(lambda: bool(loading._flights) and not loading._may_join(next(iter(loading._flights.values()))))
        source.gate.set()
        await early
        assert loading.peek(KEY) is None
        assert await read(loading, source) == b"two"

    async def test_between_the_load_and_the_store_in_redis(
        self, make_cache: MakeCache, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache, other = await make_cache(), await make_cache()
        store = SharedTier.store

        async def change_first(tier: SharedTier, *args: object, **terms: object) -> object:
            source.value = b"two"
            await other.invalidate(["roles"])
            monkeypatch.setattr(SharedTier, "store", store)
            return await store(tier, *args, **terms)  # type: ignore[arg-type]

        monkeypatch.setattr(SharedTier, "store", change_first)
        assert await read(cache, source) == b"one"
        assert await read(cache, source) == b"two"
        assert await read(other, source) == b"two"

    async def test_between_the_store_in_redis_and_the_one_in_the_process(
        self, make_cache: MakeCache, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache = await make_cache()
        store = SharedTier.store

        async def change_after(tier: SharedTier, *args: object, **terms: object) -> object:
            stored = await store(tier, *args, **terms)  # type: ignore[arg-type]
            source.value = b"two"
            await cache.invalidate(["roles"])
            return stored

        monkeypatch.setattr(SharedTier, "store", change_after)
        assert await read(cache, source) == b"one"
        assert cache.peek(KEY) is None
        assert await read(cache, source) == b"two"

    async def test_between_a_read_of_redis_and_its_keeping_in_the_process(
        self, make_cache: MakeCache, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writing, promoting = await make_cache(), await make_cache()
        await read(writing, source)
        fetch = SharedTier.fetch

        async def change_after(tier: SharedTier, *args: object) -> object:
            found = await fetch(tier, *args)  # type: ignore[arg-type]
            monkeypatch.setattr(SharedTier, "fetch", fetch)
            source.value = b"two"
            await promoting.invalidate(["roles"])
            return found

        monkeypatch.setattr(SharedTier, "fetch", change_after)
        assert await read(promoting, source) == b"one"
        assert promoting.peek(KEY) is None
        assert await read(promoting, source) == b"two"

    async def test_during_a_background_refresh(self, make_cache: MakeCache) -> None:
        now = 1000.0
        cache = await make_cache(clock=lambda: now)
        source = Source()
        await read(cache, source, ttl_s=10, stale_s=60)
        await cache._shared._redis.flushdb()  # type: ignore[union-attr]  # the refresh has to load
        now += 20
        source.began.clear()
        source.gate.clear()
        assert await read(cache, source, ttl_s=10, stale_s=60) == b"one"
        await source.began.wait()
        source.value = b"two"
        await cache.invalidate(["roles"])
        source.gate.set()
        await until(lambda: not cache._flights)
        assert await read(cache, source, ttl_s=10, stale_s=60) == b"two"


class TestInvalidate:
    async def test_other_tags_are_left_alone(self, cache: Cache, source: Source) -> None:
        await read(cache, source)
        await cache.invalidate(["workflows"])
        await read(cache, source)
        assert source.loads == 1

    async def test_any_of_the_tags_drops_the_value(self, cache: Cache, source: Source) -> None:
        tags = ["a", "b", "c"]
        await cache.get_or_load(KEY, source.load, ttl_s=60, tags=tags)
        await cache.invalidate(["c", "x"])
        await cache.get_or_load(KEY, source.load, ttl_s=60, tags=tags)
        assert source.loads == 2

    async def test_a_replica_hears_it(
        self, make_cache: MakeCache, record_property: Callable[[str, object], None]
    ) -> None:
        writing, reading = await make_cache(), await make_cache()
        took = []
        for _ in range(50):
            await read(reading, Source())
            assert reading.peek(KEY) is not None
            began = monotonic()
            await writing.invalidate(["roles"])
            await until(lambda: reading.peek(KEY) is None)
            took.append((monotonic() - began) * 1000)
        took.sort()
        record_property("p50_p98_ms", (round(took[25], 2), round(took[48], 2)))

    async def test_another_service_is_not_touched(self, make_cache: MakeCache, redis_url: str, source: Source) -> None:
        cache = await make_cache()
        await read(cache, source)
        neighbour = SharedTier(Redis.from_url(redis_url), "neighbour")
        await neighbour.bump(["roles"])
        await neighbour._redis.aclose()
        await read(cache, source)
        assert source.loads == 1

    async def test_clear_drops_everything_everywhere(self, make_cache: MakeCache, source: Source) -> None:
        first, second = await make_cache(), await make_cache()
        await read(first, source)
        await read(second, source)
        await first.clear(cause="operator")
        await until(lambda: second.peek(KEY) is None)
        source.value = b"two"
        assert await read(first, source) == await read(second, source) == b"two"

    async def test_it_completes_when_its_caller_is_cancelled(self, make_cache: MakeCache, source: Source) -> None:
        first, second = await make_cache(), await make_cache()
        await read(second, source)
        call = asyncio.create_task(first.invalidate(["roles"]))
        await asyncio.sleep(0)
        call.cancel()
        await until(lambda: second.peek(KEY) is None)

    async def test_a_malformed_announcement_is_ignored(self, make_cache: MakeCache, source: Source) -> None:
        cache = await make_cache()
        await read(cache, source)
        assert cache._backplane is not None
        await cache._backplane._nats.publish("etter.cache.invalidate.v1", b"\xff{")
        await cache._backplane.beat()
        assert cache.peek(KEY) is not None

    async def test_invalidations_are_counted_by_cause(self, cache: Cache) -> None:
        counter = metrics.CACHE_INVALIDATIONS.labels("test_cause")
        before = counter._value.get()
        await cache.invalidate(["a", "b"], cause="test_cause")
        assert counter._value.get() == before + 2


class TestInvalidateRest:
    """The relay makes sure of what the process that committed drops itself."""

    async def test_what_was_dropped_is_not_dropped_again(self, make_cache: MakeCache, source: Source) -> None:
        writer, relay = await make_cache(), await make_cache()
        await writer.invalidate(["roles"], change="row-1")
        await read(writer, source)
        await relay.invalidate_rest({"row-1": ["roles"]}, cause="outbox")
        assert await read(writer, source) == b"one"
        assert source.loads == 1

    async def test_what_nobody_dropped_is_dropped(self, make_cache: MakeCache, source: Source) -> None:
        writer, relay = await make_cache(), await make_cache()
        await writer.invalidate(["skills"], change="row-1")
        await read(relay, source)
        source.value = b"two"
        await relay.invalidate_rest({"row-1": ["skills"], "row-2": ["roles"]}, cause="outbox")
        assert await read(relay, source) == b"two"

    async def test_without_redis_all_of_them_are(self, make_cache: MakeCache, source: Source) -> None:
        cache = await make_cache(redis=None)
        await cache.invalidate(["roles"], change="row-1")
        await read(cache, source)
        source.value = b"two"
        await cache.invalidate_rest({"row-1": ["roles"]}, cause="outbox")
        assert await read(cache, source) == b"two"


class TestEvictedVersions:
    async def test_a_version_lost_from_redis_does_not_bring_an_old_value_back(
        self, make_cache: MakeCache, redis: Redis, service: str
    ) -> None:
        """Counters that start anew at zero would match what was stored under the first zero."""
        first, second = await make_cache(), await make_cache()
        source = Source()
        await read(first, source)
        source.value = b"two"
        await first.invalidate(["roles"])
        await redis.delete(f"etter:{service}:cache:tag:roles")
        await until(lambda: second.peek(KEY) is None)
        assert await read(second, source) == b"two"

    async def test_scripts_lost_from_redis_are_loaded_again(self, cache: Cache, redis: Redis) -> None:
        await read(cache, Source())
        await redis.script_flush()
        await cache.invalidate(["roles"])
        source = Source(b"two")
        assert await read(cache, source) == b"two"
        assert cache._shared is not None
        assert not cache._shared.is_away
