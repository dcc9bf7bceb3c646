"""What chunks tell the run's job while they are played: over core NATS, to whoever listens. The rows are the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from etter_common.platform import Platform

_SUBJECT: Final = "etter.signals.simulation_chunks"


class Played(msgspec.Struct, frozen=True):
    """How much of the chunk from `first` on is played, 0..1; with `stored` its rows are there."""

    first: int
    share: float
    stored: bool = False


class Ear:
    """Keeps what was heard: the shares of chunks under way, and whether there is something new in the rows."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.shares: dict[int, float] = {}
        self.is_stored = False

    async def hear(self, message: Msg) -> None:
        with suppress(msgspec.DecodeError):
            played = msgspec.json.decode(message.data, type=Played)
            self.shares[played.first] = played.share
            self.is_stored |= played.stored
            self.news.set()

    def forget(self) -> None:
        self.news.clear()
        self.is_stored = False


async def tell(platform: Platform, company_id: UUID, fingerprint: str, played: Played) -> None:
    with suppress(NatsError):  # a loss is made good by the listener's next look at the rows
        await platform.nats.publish(f"{_SUBJECT}.{company_id}.{fingerprint}", msgspec.json.encode(played))


@asynccontextmanager
async def listening(platform: Platform, company_id: UUID, fingerprint: str) -> AsyncGenerator[Ear]:
    ear = Ear()
    subscription = await platform.nats.subscribe(f"{_SUBJECT}.{company_id}.{fingerprint}", cb=ear.hear)
    try:
        with suppress(NatsError, TimeoutError):  # heard by the server before the rows are read
            await platform.nats.flush(timeout=1)
        yield ear
    finally:
        with suppress(NatsError):
            await subscription.unsubscribe()
