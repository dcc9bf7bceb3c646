"""Caches on real servers: the run's own for most tests, and servers that one test may kill or freeze."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from etter_common.cache import Cache
from etter_common.ids import new_id
from etter_devstack.servers import nats as nats_server
from etter_devstack.servers import valkey as valkey_server

MakeCache = Callable[..., Awaitable[Cache]]


def open_redis(url: str) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=0.2,
        socket_connect_timeout=0.2,
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
    """Replicas of one service, each with connections of its own."""
    async with AsyncExitStack() as stack:

        async def make(*, redis: str | None = redis_url, nats: str | None = nats_url, **options: object) -> Cache:
            store = open_redis(redis) if redis else None
            bus = await open_nats(nats) if nats else None
            cache = Cache(service=service, redis=store, nats=bus, **options)  # type: ignore[arg-type]
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
