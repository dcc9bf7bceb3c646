"""Invalidations between replicas, over core NATS; and whether this replica can be sure to hear them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from etter_common.ids import new_id
from etter_common.logging import get_logger

SUBJECT: Final = "etter.cache.invalidate.v1"
_log = get_logger(__name__)


class Invalidation(msgspec.Struct, frozen=True):
    """What one replica tells the others. Without a `number` the versions in Redis could not be changed yet."""

    service: str
    sender: str
    tags: list[str]
    cause: str
    number: int | None = None


class Backplane:
    """Announces and hears invalidations of one service.

    `is_alive` is checked at every read of the first tier: it is false from the moment the connection is
    seen to be lost until a round trip on a new one has succeeded, since what was announced in between is
    gone.
    """

    def __init__(self, nats: Client, service: str, hear: Callable[[Invalidation], None], *, beat_s: float) -> None:
        self._nats = nats
        self._service = service
        self._hear = hear
        self._beat_s = beat_s
        self._sender = str(new_id())
        self._subscriptions: list[Subscription] = []
        self._echo_subject = nats.new_inbox()
        self._beats = 0
        self._echoed = asyncio.Event()
        self._connection = -1  # the connection, counted by reconnects, that last answered
        self._answers = False

    @property
    def is_alive(self) -> bool:
        return self._answers and self._nats.is_connected and self._connection == self._reconnects

    @property
    def _reconnects(self) -> int:
        return int(self._nats.stats["reconnects"])

    async def start(self) -> None:
        self._subscriptions = [
            await self._nats.subscribe(SUBJECT, cb=self._receive),
            await self._nats.subscribe(self._echo_subject, cb=self._receive_echo),
        ]
        await self.beat()

    async def close(self) -> None:
        self._answers = False
        for subscription in self._subscriptions:
            await _tolerate(subscription.unsubscribe())

    async def beat(self) -> None:
        """One round trip; behind it everything announced before has been received."""
        connection = self._reconnects
        self._answers = self._nats.is_connected and await _tolerate(self._round_trip())
        if self._answers:
            self._connection = connection

    async def announce(self, tags: list[str], *, cause: str, number: int | None) -> None:
        """Tell the other replicas; buffered by the client while it reconnects."""
        message = Invalidation(self._service, self._sender, tags, cause, number)
        if not await _tolerate(self._nats.publish(SUBJECT, msgspec.json.encode(message))):
            _log.warning("cache_announcement_failed", tags=len(tags), cause=cause)

    async def _receive(self, message: Msg) -> None:
        try:
            heard = msgspec.json.decode(message.data, type=Invalidation)
        except msgspec.MsgspecError:
            _log.warning("cache_announcement_malformed", bytes=len(message.data))
            return
        if heard.service == self._service and heard.sender != self._sender:
            self._hear(heard)

    async def _round_trip(self) -> None:
        # not the client's flush: after its timeout a late answer meets a cancelled future and ends the read loop
        self._echoed.clear()
        self._beats += 1
        async with asyncio.timeout(self._beat_s):
            await self._nats.publish(self._echo_subject, str(self._beats).encode())
        async with asyncio.timeout(self._beat_s):  # of its own: the publish may swallow the first one's end
            await self._echoed.wait()

    async def _receive_echo(self, message: Msg) -> None:
        if message.data == str(self._beats).encode():
            self._echoed.set()


async def _tolerate(call: Awaitable[object]) -> bool:
    """Whether the call went through; a lost connection is an answer here, not an error."""
    try:
        await call
    except (NatsError, OSError, TimeoutError):
        return False
    return True
