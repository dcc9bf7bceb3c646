"""What a process stands on, when a part of it is there and does not answer."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec
import pytest
from redis.exceptions import RedisError

from etter_common import api_keys
from etter_common.api_keys import ApiKeys
from etter_common.buckets import bucket
from etter_common.ids import new_id
from etter_common.platform import Platform, make_redis, open_platform
from etter_common.testing.backbone import ProbeSettings
from etter_common.testing.client import Caller, plant_key


class TestOpenPlatform:
    async def test_it_knows_what_the_buckets_have_when_it_is_open(self, platform: Platform, company_id: UUID) -> None:
        told, store = ApiKeys(), await bucket(platform.nats, api_keys.BUCKET)
        key_ids = [new_id() for _ in range(20)]
        keys = [plant_key(told, Caller(new_id(), company_id, "viewer"), key_id=key_id) for key_id in key_ids]
        for key_id in key_ids:
            await store.put(str(key_id), msgspec.json.encode(told.get(str(key_id))))
        async with open_platform(platform.settings) as late:
            assert [late.tokens.verify(key).key_id for key in keys] == key_ids
        for key_id in key_ids:
            await store.purge(str(key_id))


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
                database_url="postgresql+asyncpg://x",
                nats_url="",
            )
            client = make_redis(settings)
            with pytest.raises(RedisError):
                await client.get("anything")
            await client.aclose()
        assert connections == 2
        given = client.connection_pool.connection_kwargs
        assert max(given["socket_timeout"], given["socket_connect_timeout"]) <= 0.2
