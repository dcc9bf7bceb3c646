"""Once an hour, rows that nothing can ask for any more are dropped: expired sessions and keys, forgotten tries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from etter_auth.api_keys import service as api_keys
from etter_auth.passwords import service as passwords
from etter_auth.sessions import service as sessions
from etter_common.clock import utc_now
from etter_common.events.supervisor import honour_cancel, stop
from etter_common.platform import Platform

log = structlog.get_logger(__name__)
EVERY_S = 3600.0


@asynccontextmanager
async def housekeeping(platform: Platform) -> AsyncIterator[None]:
    """The background part of an API process; replicas may do it side by side."""
    task = asyncio.create_task(_run(platform), name="housekeeping")
    try:
        yield
    finally:
        await stop(task)


async def sweep(platform: Platform) -> None:
    now = utc_now()
    async with platform.work(system=True) as ctx:
        await sessions.prune(ctx, now)
        await passwords.prune(ctx)
        await api_keys.prune(ctx, now)


async def _run(platform: Platform) -> None:
    while True:
        try:
            await sweep(platform)
        except Exception:  # the database is away: the next hour does both
            log.warning("housekeeping_failed", exc_info=True)
        honour_cancel()
        await asyncio.sleep(EVERY_S)
