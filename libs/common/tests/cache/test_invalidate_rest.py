"""Invalidations that a second one makes sure of, and what becomes of them when Redis forgets."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from etter_common.cache import Cache, CacheKey
from etter_common.cache.shared import Change, SharedTier

from .source import COMPANY, KEY, MakeCache, Source, read, until


class TestInvalidateRest:
    """The relay makes sure of what the process that committed drops itself; each change is dropped by one of them."""

    async def test_what_was_dropped_is_not_dropped_again(self, make_cache: MakeCache, source: Source) -> None:
        writer, relay = await make_cache(), await make_cache()
        await writer.invalidate(["roles"], change="row-1")
        await read(writer, source)
        await relay.invalidate_rest({"row-1": ["roles"]}, cause="outbox")
        assert await read(writer, source) == b"one"
        assert source.loads == 1

    async def test_what_the_relay_was_first_to_drop_the_writer_does_not_drop_again(
        self, make_cache: MakeCache, source: Source
    ) -> None:
        writer, relay = await make_cache(), await make_cache()
        await relay.invalidate_rest({"row-1": ["roles"]}, cause="outbox")
        await read(relay, source)
        await writer.invalidate(["roles"], change="row-1")
        assert await read(writer, source) == await read(relay, source) == b"one"
        assert source.loads == 1

    async def test_the_writer_forgets_what_it_has_read_before_the_relay_was_first(
        self, make_cache: MakeCache, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The relay's own announcement may be late, or lost."""
        writer, relay = await make_cache(), await make_cache(nats=None)
        await read(relay, source)
        bump = SharedTier.bump

        async def relay_first(tier: SharedTier, changes: Sequence[Change]) -> object:
            monkeypatch.setattr(SharedTier, "bump", bump)
            assert await read(writer, source) == b"one"
            await relay.invalidate_rest({"row-1": ["roles"]}, cause="outbox")
            return await bump(tier, changes)

        monkeypatch.setattr(SharedTier, "bump", relay_first)
        source.value = b"two"
        await writer.invalidate(["roles"], change="row-1")
        assert await read(writer, source) == b"two"

    async def test_many_changes_with_many_tags_are_each_done_once(
        self, make_cache: MakeCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.cache.shared._BATCH", 3)
        cache = await make_cache()
        changes = {f"row-{number}": [f"tag {number}.{part}" for part in range(number)] for number in range(1, 4)}
        keys = {tag: CacheKey(COMPANY, "roles", tag) for tags in changes.values() for tag in tags}
        source = Source()
        for loads in (1, 2, 2):
            for name, key in keys.items():
                await read(cache, source, key=key, tags=[name])
            assert source.loads == loads * len(keys)
            await cache.invalidate_rest(changes, cause="outbox")

    async def test_one_change_with_more_tags_than_a_call_takes_drops_them_all(
        self, make_cache: MakeCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.cache.shared._BATCH", 3)
        cache = await make_cache()
        names = [f"tag {number}" for number in range(10)]
        source = Source()
        for loads in (10, 20):
            for name in names:
                await read(cache, source, key=CacheKey(COMPANY, "roles", name), tags=[name])
            assert source.loads == loads
            await cache.invalidate(names, change="row-1")

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
