"""What is served when a load fails, or finds nothing."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from etter_common.cache import Cache, Terms
from etter_common.clock import monotonic
from etter_common.errors import NotFound, Unavailable

from .source import KEY, MakeCache, Source, read


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
            entry = await cache.get_or_load(KEY, away, Terms.of(ttl_s=50, tags=["roles"], fail_safe_s=300))
            assert entry.body == b"one"
        assert tries == 1  # the others wait until the next try is due
        now += 10
        await cache.get_or_load(KEY, away, Terms.of(ttl_s=50, tags=["roles"], fail_safe_s=300))
        assert tries == 2
        now += 300
        with pytest.raises(Unavailable):
            await cache.get_or_load(KEY, away, Terms.of(ttl_s=50, tags=["roles"], fail_safe_s=300))

    async def test_an_invalidated_one_is_not(self, make_cache: MakeCache, source: Source) -> None:
        cache = await make_cache(redis=None)
        await read(cache, source, fail_safe_s=300)
        await cache.invalidate(["roles"])

        async def away() -> bytes:
            raise Unavailable

        with pytest.raises(Unavailable):
            await cache.get_or_load(KEY, away, Terms.of(ttl_s=50, tags=["roles"], fail_safe_s=300))

    async def test_a_bug_is_not_hidden(self, make_cache: MakeCache, source: Source) -> None:
        now = monotonic()
        cache = await make_cache(clock=lambda: now, redis=None)
        await read(cache, source, ttl_s=50, fail_safe_s=300)
        now += 60

        async def broken() -> bytes:
            raise KeyError("bug")

        with pytest.raises(KeyError):
            await cache.get_or_load(KEY, broken, Terms.of(ttl_s=50, tags=["roles"], fail_safe_s=300))


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
        assert 0 < await redis.pttl(name) <= 30_000
