"""Entries in auth's buckets, and events of auth, that auth did not write: how they are noticed and reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from etter_auth import metrics
from etter_common.messaging import REPUBLISHED
from etter_common.platform import Platform

log = structlog.get_logger(__name__)
SETTLE_S: Final = 0.2
"""How long changes of a bucket gather before the next look."""


def report(place: str, key: str) -> None:
    metrics.FOREIGN_ENTRIES.labels(place).inc()
    log.error("foreign_entry_found", place=place, key=key)


@asynccontextmanager
async def changes(platform: Platform, bucket: str) -> AsyncIterator[asyncio.Event]:
    """An event that is set whenever the bucket has stored something."""
    changed = asyncio.Event()

    async def hear(_: Msg) -> None:
        changed.set()

    heard = await platform.nats.subscribe(f"{REPUBLISHED}.{bucket}.>", cb=hear)
    try:
        yield changed
    finally:
        with suppress(NatsError):
            await heard.unsubscribe()


async def next_look(changed: asyncio.Event, every_s: float) -> None:
    """Wait for a change, or for `every_s`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(every_s):
            await changed.wait()
            await asyncio.sleep(min(SETTLE_S, every_s))
    changed.clear()
