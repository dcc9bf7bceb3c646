"""Two replicas against a model, with the steps of reads, writes, evictions and time in any order.

The promise checked: a read that begins after an invalidation was heard never sees what was there before it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, ClassVar

import nats
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from nats.aio.client import Client
from redis.asyncio import Redis

from etter_common.cache import Cache, CacheKey, Entry, Terms
from etter_common.cache import cache as cache_module
from etter_common.ids import new_id

from .source import PATIENCE_S

KEYS = [CacheKey(None, "thing", str(number)) for number in range(2)]
REPLICAS = st.integers(0, 1)
KEY_NUMBERS = st.integers(0, 1)


@dataclass
class Reading:
    """A read under way; its load, if it gets to one, waits at the gate with the value it saw."""

    key: int
    at_least: int
    task: asyncio.Task[bytes]
    gate: asyncio.Event
    began: asyncio.Event


class CacheMachine(RuleBasedStateMachine):
    """`truth` is what loads read, `floor` what it was at the last invalidation that has been heard."""

    urls: ClassVar[tuple[str, str]]
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.truth = [0, 0]
        self.floor = [0, 0]
        self.now = 0.0
        self.readings: list[Reading] = []
        self.redis: list[Redis] = []
        self.nats: list[Client] = []
        self.service = f"model-{new_id()}"
        self.caches = [self.run(self.open()) for _ in range(2)]

    def run(self, work: Awaitable[Any]) -> Any:  # Any: each step's own result
        return self.loop.run_until_complete(asyncio.ensure_future(work, loop=self.loop))

    async def open(self) -> Cache:
        self.redis.append(Redis.from_url(self.urls[0], socket_timeout=30))
        self.nats.append(await nats.connect(self.urls[1]))
        cache = Cache(service=self.service, redis=self.redis[-1], nats=self.nats[-1], clock=lambda: self.now, beat_s=30)
        await cache.start()
        return cache

    @rule(replica=REPLICAS, key=KEY_NUMBERS, stale_s=st.sampled_from([0.0, 500.0]))
    def begin(self, replica: int, key: int, stale_s: float) -> None:
        gate, began, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def load() -> bytes:
            value = self.truth[key]
            began.set()
            await gate.wait()
            if value < self.floor[key]:
                self.seen["overtaken in the background" if answered.is_set() else "overtaken"] += 1
            return str(value).encode()

        async def read() -> bytes:
            tags = [f"thing:{key}", "things"]
            terms: dict[str, Any] = {"ttl_s": 1000, "tags": tags, "early": True, "stale_s": stale_s}
            entry: Entry = await self.caches[replica].get_or_load(KEYS[key], load, Terms.of(**terms))
            answered.set()
            return entry.body

        async def start() -> Reading:
            reading = Reading(key, self.floor[key], asyncio.create_task(read()), gate, began)
            await asyncio.wait({reading.task}, timeout=0.003)
            return reading

        self.readings.append(self.run(start()))

    @rule(replica=REPLICAS, key=KEY_NUMBERS)
    def read(self, replica: int, key: int) -> None:
        self.begin(replica, key, 0.0)
        self.finish(len(self.readings) - 1)

    @rule(replica=REPLICAS, key=KEY_NUMBERS)
    def write_and_read(self, replica: int, key: int) -> None:
        self.write(replica, key, by_all=False)
        self.read(1 - replica, key)

    @rule(replica=REPLICAS, key=KEY_NUMBERS, writer=REPLICAS, waits=st.sampled_from([53.0, 2000.0]))
    def write_while_it_is_loaded(self, replica: int, key: int, writer: int, waits: float) -> None:
        """Gone from Redis, and near the end of its time in the process (the load is in the background) or past it."""
        if any(reading.key == key for reading in self.readings):
            return  # it might join another's load
        self.read(replica, key)
        self.evict_values()
        self.wait(waits)
        self.begin(replica, key, 0.0)
        loading = self.readings.pop()
        self.run(self.load_begins(loading, self.caches[replica]))
        self.write(writer, key, by_all=False)
        loading.gate.set()
        self.check(loading)
        self.read(replica, key)

    async def load_begins(self, reading: Reading, cache: Cache) -> None:
        """Or the read is over and none will."""
        async with asyncio.timeout(PATIENCE_S):
            while not (reading.began.is_set() or (reading.task.done() and KEYS[reading.key] not in cache._refreshing)):  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    @rule(choice=st.integers(0, 1000))
    def finish(self, choice: int) -> None:
        if not self.readings:
            return
        reading = self.readings.pop(choice % len(self.readings))
        reading.gate.set()
        self.check(reading)

    @rule(key=KEY_NUMBERS)
    def change(self, key: int) -> None:
        """Committed, and nobody told yet: who reads now may see either."""
        self.truth[key] += 1

    @rule(replica=REPLICAS, key=KEY_NUMBERS, by_all=st.booleans())
    def write(self, replica: int, key: int, by_all: bool) -> None:
        self.change(key)
        self.drop(replica, key, by_all)

    @rule(replica=REPLICAS, key=KEY_NUMBERS, by_all=st.booleans())
    def drop(self, replica: int, key: int, by_all: bool) -> None:
        self.run(self.caches[replica].invalidate(["things"] if by_all else [f"thing:{key}"]))
        self.run(self.hear())
        for dropped in range(2) if by_all else [key]:
            self.floor[dropped] = self.truth[dropped]

    @rule(seconds=st.sampled_from([30.0, 50.0, 70.0, 2000.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(key=KEY_NUMBERS)
    def evict_version(self, key: int) -> None:
        self.run(self.redis[0].delete(f"etter:{self.service}:cache:tag:thing:{key}"))

    @rule()
    def evict_values(self) -> None:
        names = [f"etter:{self.service}:cache:entry:{key}" for key in KEYS]
        self.run(self.redis[0].delete(*names))

    async def hear(self) -> None:
        """A round trip of each replica, so that what it announced is at the server; another, so that all have it."""
        for cache in self.caches * 2:
            assert cache._backplane is not None
            await cache._backplane.beat()
            assert cache._backplane.is_alive

    def check(self, reading: Reading) -> None:
        async def result() -> bytes:
            # it may have joined another's load, which then has to go on too
            others = [other for other in self.readings if other.key == reading.key]
            done, _ = await asyncio.wait({reading.task}, timeout=0.05)
            if not done:
                for other in others:
                    other.gate.set()
            return await asyncio.wait_for(reading.task, PATIENCE_S)

        seen = int(self.run(result()))
        assert reading.at_least <= seen <= self.truth[reading.key]

    def teardown(self) -> None:
        for reading in self.readings:
            reading.gate.set()
        for reading in self.readings:
            self.run(asyncio.wait_for(reading.task, PATIENCE_S))
        for cache, redis, client in zip(self.caches, self.redis, self.nats, strict=True):
            self.run(cache.close())
            self.run(redis.aclose())
            self.run(client.close())
        self.loop.close()


def test_no_read_after_an_invalidation_sees_what_was_before_it(
    redis_url: str, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a reader behind another replica's load, which the machine may hold for long, goes on at once
    monkeypatch.setattr(cache_module, "LEAD_WAIT_S", 0.0)
    CacheMachine.urls = (redis_url, nats_url)
    run_state_machine_as_test(
        CacheMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert CacheMachine.seen["overtaken"] > 0
    assert CacheMachine.seen["overtaken in the background"] > 0
