"""Invalidations on real Valkey and NATS: none is overtaken by a load, none is lost, none is done twice."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from etter_common import metrics
from etter_common.cache import Cache, CacheKey, Entry, Terms
from etter_common.cache.shared import Change, SharedTier
from etter_common.clock import monotonic

from .source import COMPANY, KEY, MakeCache, Source, read, until


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
                    task = asyncio.create_task(cache.get_or_load(key, source.load, Terms.of(ttl_s=60, tags=[name])))
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
            last = await cache.get_or_load(key, Source(truth).load, Terms.of(ttl_s=60, tags=[name]))
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

    @pytest.mark.parametrize(
        ("terms", "later_s"),
        [({"ttl_s": 10, "stale_s": 60}, 20), ({"ttl_s": 50, "early": True}, 46)],
        ids=["of a stale value", "before its time is over"],
    )
    async def test_during_a_load_in_the_background(
        self, make_cache: MakeCache, redis: Redis, service: str, terms: dict[str, Any], later_s: float,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("etter_common.cache.cache._JITTER", 0.0)
        now = 1000.0
        cache, other = await make_cache(clock=lambda: now), await make_cache()
        source = Source()
        await read(cache, source, **terms)
        await redis.delete(f"etter:{service}:cache:entry:{KEY}")  # it has to load
        now += later_s
        source.began.clear()
        source.gate.clear()
        assert await read(cache, source, **terms) == b"one"
        await source.began.wait()
        source.value = b"two"
        await cache.invalidate(["roles"])
        source.gate.set()
        await until(lambda: not cache._flights)
        assert cache.peek(KEY) is None
        assert await read(other, source, **terms) == b"two"
        assert await read(cache, source, **terms) == b"two"

    async def test_what_was_read_while_the_versions_were_being_changed_is_not_kept(
        self, make_cache: MakeCache, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both replicas find the old value in Redis under its old versions a moment before those change."""
        writing, reading = await make_cache(), await make_cache()
        await read(reading, source)
        bump = SharedTier.bump

        async def read_first(tier: SharedTier, changes: Sequence[Change]) -> object:
            monkeypatch.setattr(SharedTier, "bump", bump)
            assert [await read(cache, source) for cache in (writing, reading)] == [b"one", b"one"]
            assert writing.peek(KEY) is not None
            return await bump(tier, changes)

        monkeypatch.setattr(SharedTier, "bump", read_first)
        source.value = b"two"
        await writing.invalidate(["roles"])
        assert await read(writing, source) == b"two"
        await until(lambda: reading.peek(KEY) is None)
        assert await read(reading, source) == b"two"

    async def test_between_replicas_whose_clocks_differ_by_days(self, make_cache: MakeCache, source: Source) -> None:
        """No clock is compared with another one's: versions are no times."""
        behind, ahead = await make_cache(clock=lambda: 10.0), await make_cache(clock=lambda: 1_000_000.0)
        for writing, reading, value in ((behind, ahead, b"two"), (ahead, behind, b"three")):
            await read(reading, source)
            source.began.clear()
            source.gate.clear()
            key = CacheKey(COMPANY, "roles", value.decode())
            early = asyncio.create_task(read(writing, source, key=key))
            await source.began.wait()
            source.value = value
            await writing.invalidate(["roles"])
            source.gate.set()
            await early
            await until(lambda reading=reading: reading.peek(KEY) is None)  # type: ignore[misc]
            for cache in (writing, reading):
                assert await read(cache, source) == await read(cache, source, key=key) == value


class TestInvalidate:
    async def test_other_tags_are_left_alone(self, cache: Cache, source: Source) -> None:
        await read(cache, source)
        await cache.invalidate(["workflows"])
        await read(cache, source)
        assert source.loads == 1

    async def test_any_of_the_tags_drops_the_value(self, cache: Cache, source: Source) -> None:
        tags = ["a", "b", "c"]
        await cache.get_or_load(KEY, source.load, Terms.of(ttl_s=60, tags=tags))
        await cache.invalidate(["c", "x"])
        await cache.get_or_load(KEY, source.load, Terms.of(ttl_s=60, tags=tags))
        assert source.loads == 2

    async def test_it_costs_the_same_however_many_values_carry_the_tag(
        self, make_cache: MakeCache, redis: Redis, service: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One call changes the tag's version; the values stay where they are and are read no more."""
        cache = await make_cache()
        keys = [CacheKey(COMPANY, "roles", str(number)) for number in range(100)]
        for key in keys:
            await read(cache, Source(), key=key)
        sent: list[object] = []
        execute: Any = Redis.execute_command  # without types

        async def note(client: Redis, *words: object, **options: object) -> object:
            sent.append(words[0])
            return await execute(client, *words, **options)

        await cache.invalidate(["another tag"])  # the script is known to the server
        with monkeypatch.context() as patch:
            patch.setattr(Redis, "execute_command", note)
            await cache.invalidate(["roles"])
        assert sent == ["EVALSHA"]
        assert await redis.exists(*(f"etter:{service}:cache:entry:{key}" for key in keys)) == 100
        assert {await read(cache, Source(b"two"), key=key) for key in keys} == {b"two"}

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
        await neighbour.bump([Change(("roles",))])
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
