"""Calls that leave together: each gets its own answer, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import RedisError, ResponseError

from etter_common.cache.line import AT_ONCE, MAX_BATCH, Line
from etter_devstack.servers import valkey as valkey_server

from .source import until

ECHO = "return ARGV[1]"
SLOW_ECHO = "local n = 0; for i = 1, 3000000 do n = n + i end; return ARGV[1]"
BROKEN = "return redis.call('NONSENSE')"


@pytest.fixture
async def client(own_valkey: valkey_server.Valkey) -> AsyncIterator[Redis]:
    made = Redis.from_url(own_valkey.url)
    yield made
    await made.aclose()


@pytest.fixture
async def line(client: Redis) -> AsyncIterator[Line]:
    made = Line(client)
    yield made
    await made.close()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls each batch had."""
    sizes: list[int] = []
    execute: Any = Pipeline.execute

    async def note(pipeline: Pipeline, **options: object) -> object:
        sizes.append(len(pipeline.command_stack))
        return await execute(pipeline, **options)

    monkeypatch.setattr(Pipeline, "execute", note)
    return sizes


class TestCalls:
    async def test_those_of_one_moment_leave_together_and_each_gets_its_own_answer(
        self, line: Line, batches: list[int]
    ) -> None:
        echo = line.script(ECHO)
        replies = await asyncio.gather(*(echo([], [number]) for number in range(50)))
        assert replies == [str(number).encode() for number in range(50)]
        assert batches == [50]

    async def test_one_alone_needs_no_batch(self, line: Line, batches: list[int]) -> None:
        assert await line.script(ECHO)([], ["x"]) == b"x"
        assert batches == []

    async def test_the_busier_the_larger_and_never_more_than_so_many_at_once(
        self, line: Line, batches: list[int]
    ) -> None:
        echo, most = line.script(SLOW_ECHO), 0

        async def come(number: int) -> bytes:
            nonlocal most
            await asyncio.sleep(0)
            reply = asyncio.ensure_future(echo([], [number]))
            await asyncio.sleep(0)
            most = max(most, len(line._under_way))
            return bytes(await reply)

        count = 4 * MAX_BATCH
        assert await asyncio.gather(*map(come, range(count))) == [str(number).encode() for number in range(count)]
        assert max(batches) <= MAX_BATCH
        assert most <= AT_ONCE

    async def test_scripts_the_server_has_forgotten_are_sent_again(self, line: Line, client: Redis) -> None:
        echo = line.script(ECHO)
        await echo([], ["x"])
        await client.script_flush()
        assert await asyncio.gather(*(echo([], [number]) for number in range(3))) == [b"0", b"1", b"2"]

    async def test_a_script_that_fails_fails_alone(self, line: Line) -> None:
        echo, broken = line.script(ECHO), line.script(BROKEN)
        replies = await asyncio.gather(echo([], ["a"]), broken([], []), echo([], ["b"]), return_exceptions=True)
        assert [replies[0], replies[2]] == [b"a", b"b"]
        assert isinstance(replies[1], ResponseError)

    async def test_without_a_server_everyone_hears_of_it(self, line: Line, own_valkey: valkey_server.Valkey) -> None:
        own_valkey.process.kill()
        echo = line.script(ECHO)
        replies = await asyncio.gather(*(echo([], [number]) for number in range(3)), return_exceptions=True)
        assert all(isinstance(reply, RedisAway | OSError) for reply in replies)


class TestGivingUp:
    async def test_nobody_gets_the_answers_of_those_who_gave_up(
        self, line: Line, own_valkey: valkey_server.Valkey, batches: list[int]
    ) -> None:
        echo = line.script(ECHO)
        await echo([], ["warm"])
        os.kill(own_valkey.process.pid, signal.SIGSTOP)
        abandoned = [asyncio.create_task(echo([], [f"old {number}"])) for number in range(20)]
        await until(lambda: batches == [20])
        for task in abandoned[::2]:
            task.cancel()
        os.kill(own_valkey.process.pid, signal.SIGCONT)
        replies = await asyncio.gather(*(echo([], [f"new {number}"]) for number in range(20)))
        assert replies == [f"new {number}".encode() for number in range(20)]
        left = await asyncio.gather(*abandoned[1::2])
        assert left == [f"old {number}".encode() for number in range(1, 20, 2)]

    async def test_a_connection_that_was_closed_over_a_batch_is_not_used_again(
        self, client: Redis, own_valkey: valkey_server.Valkey, batches: list[int]
    ) -> None:
        first, second = Line(client), Line(client)
        await asyncio.gather(*(first.script(ECHO)([], [number]) for number in range(3)))
        os.kill(own_valkey.process.pid, signal.SIGSTOP)
        calls = [asyncio.create_task(first.script(ECHO)([], [f"old {number}"])) for number in range(3)]
        await until(lambda: batches == [3, 3])
        await first.close()
        os.kill(own_valkey.process.pid, signal.SIGCONT)
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError | RedisError) for end in ends)  # by which, is the client's
        replies = await asyncio.gather(*(second.script(ECHO)([], [f"new {number}"]) for number in range(3)))
        assert replies == [b"new 0", b"new 1", b"new 2"]
