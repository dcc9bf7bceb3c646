"""Script calls that happen together leave together: one write and one read for all that wait at that moment.

A client's call costs more in this process than in the server: a connection is taken, checked, written to, read from and
given back. While `AT_ONCE` batches are on their way the next one gathers, so the busier the process the larger the
batches, and the fewer the connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError, ResponseError

AT_ONCE: Final = 4
MAX_BATCH: Final = 64

Term = str | bytes | int
Call = Callable[[Sequence[str], Sequence[Term]], Coroutine[Any, Any, Any]]
"""Keys and arguments to the script's answer. Any: what it answers depends on the script."""


@dataclass(eq=False, slots=True)
class _Waiting:
    script: AsyncScript
    keys: Sequence[str]
    terms: Sequence[Term]
    reply: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def answer(self, reply: object) -> None:
        """Nothing for a caller who has gone."""
        if self.reply.done():
            return
        if isinstance(reply, BaseException):
            self.reply.set_exception(reply)
        else:
            self.reply.set_result(reply)


class Line:
    """The way to one server. A caller that gives up leaves its batch on its way, whose answers nobody else gets."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Waiting] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_due = False

    def script(self, text: str) -> Call:
        return partial(self._call, self._redis.register_script(text))

    async def close(self) -> None:
        """End what is under way; its connections are closed, not given back with answers on them."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _call(self, script: AsyncScript, keys: Sequence[str], terms: Sequence[Term]) -> Any:
        waiting = _Waiting(script, keys, terms)
        self._waiting.append(waiting)
        self._leave_soon()
        return await waiting.reply

    def _leave_soon(self) -> None:
        if self._waiting and not self._is_due and len(self._under_way) < AT_ONCE:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._leave)

    def _leave(self) -> None:
        self._is_due = False
        waiting = [one for one in self._waiting if not one.reply.done()]
        batch, self._waiting = waiting[:MAX_BATCH], waiting[MAX_BATCH:]
        if batch:
            task = asyncio.create_task(self._send(batch), name="cache-line")
            self._under_way.add(task)
            task.add_done_callback(self._arrived)
        self._leave_soon()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._leave_soon()

    async def _send(self, batch: list[_Waiting]) -> None:
        try:
            replies = [NoScriptError()] if len(batch) == 1 else await self._together(batch)
            for one, reply in zip(batch, replies, strict=True):
                one.answer(await self._alone(one) if isinstance(reply, NoScriptError) else reply)
        except Exception as error:  # each caller gets it as its own
            for one in batch:
                one.answer(error)
        except asyncio.CancelledError:
            for one in batch:
                one.reply.cancel()
            raise

    async def _alone(self, one: _Waiting) -> Any:
        """The answer of one call, which brings the script along where the server does not know it."""
        try:
            return await one.script(one.keys, one.terms)
        except ResponseError as error:
            return error

    async def _together(self, batch: Sequence[_Waiting]) -> list[Any]:
        """The answers in order; a script's own failure is an answer."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for one in batch:
                pipeline.execute_command("EVALSHA", one.script.sha, len(one.keys), *one.keys, *one.terms)
            return await pipeline.execute(raise_on_error=False)
