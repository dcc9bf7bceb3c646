"""What a process stands on, when a part of it is there and does not answer."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import RedisError

from etter_common.platform import make_redis
from etter_common.testing.backbone import ProbeSettings


class TestMakeRedis:
    async def test_a_server_that_never_answers_is_tried_twice_and_no_more(self) -> None:
        """Since redis-py 8 a call waits for 5 s and is tried ten times more: a dead cache would hold every request."""
        connections = 0

        async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            await reader.read()  # until the client gives up
            writer.close()

        async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            settings = ProbeSettings(
                environment="test",
                redis_url=f"redis://127.0.0.1:{port}",
                database_url="postgresql+asyncpg://nobody@127.0.0.1/none",
                nats_url="nats://127.0.0.1",
            )
            client = make_redis(settings)
            with pytest.raises(RedisError):
                await client.get("anything")
            await client.aclose()
        assert connections == 2
        given = client.connection_pool.connection_kwargs
        assert max(given["socket_timeout"], given["socket_connect_timeout"]) <= 0.2
