"""Caches on real servers: the run's own for most tests, and servers that one test may kill or freeze."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from etter_common.cache import Cache
from etter_common.cache.cache import BEAT_S
from etter_common.clock import monotonic
from etter_common.ids import new_id
from etter_devstack.servers import nats as nats_server
from etter_devstack.servers import valkey as valkey_server

from .source import MakeCache, Source


def open_redis(url: str, *, timeout_s: float | None = None) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1),
        max_connections=50,
    )


async def open_nats(url: str) -> Client:
    async def ignore(_: Exception) -> None:
        """Lost connections are what these tests are about."""

    return await nats.connect(
        url, max_reconnect_attempts=-1, reconnect_time_wait=0.05, connect_timeout=2, error_cb=ignore
    )


async def close_nats(client: Client) -> None:
    """Close, whatever state its server is in: the client waits for, or trips over, one that was killed."""
    with suppress(OSError, TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(2):
            await client.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = open_redis(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def service() -> str:
    """A name of its own for each test, so that tests share servers and nothing else."""
    return f"test-{new_id()}"


@pytest.fixture
async def make_cache(service: str, redis_url: str, nats_url: str) -> AsyncIterator[MakeCache]:
    """Replicas of one service, each with connections of its own.

    A replica waits for a busy machine's servers as long as they take, and looks at its connections every 30 s; one that
    is not `patient` keeps the budget and the pace of production.
    """
    async with AsyncExitStack() as stack:

        async def make(
            *, redis: str | None = redis_url, nats: str | None = nats_url, patient: bool = True,
            clock: Callable[[], float] = monotonic, **options: float,
        ) -> Cache:  # fmt: skip
            store = open_redis(redis) if redis else None
            bus = await open_nats(nats) if nats else None
            given: dict[str, Any] = {"beat_s": 30.0 if patient else BEAT_S, **options}  # Any: options of the test
            cache = Cache(service=service, redis=store, nats=bus, clock=clock, **given)
            if patient and cache._shared:
                cache._shared._budget_s = 30.0
            if store:
                stack.push_async_callback(store.aclose)
            if bus:
                stack.push_async_callback(close_nats, bus)
            await cache.start()
            stack.push_async_callback(cache.close)
            return cache

        yield make


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="etter-t-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@pytest.fixture
def own_valkey(folder: Path) -> Iterator[valkey_server.Valkey]:
    server = valkey_server.start(folder / "valkey", log=folder / "valkey.log")
    yield server
    server.process.kill()


@pytest.fixture
def own_nats(folder: Path) -> Iterator[nats_server.Nats]:
    server = nats_server.start(folder / "nats", log=folder / "nats.log")
    yield server
    server.process.kill()


@pytest.fixture
async def cache(make_cache: MakeCache) -> Cache:
    return await make_cache()


@pytest.fixture
def source() -> Source:
    return Source()
