"""Keeps the keys right beside the requests: they are there before the first one, and looked at again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from etter_auth import foreign
from etter_auth.jwks import service
from etter_auth.settings import AuthSettings
from etter_common import auth
from etter_common.events.supervisor import honour_cancel, stop
from etter_common.platform import Platform

log = structlog.get_logger(__name__)


@asynccontextmanager
async def keys_kept(platform: Platform) -> AsyncIterator[None]:
    """The background part of an API process: keys published at start, rotated when due by whichever replica looks."""
    settings = platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings
    await service.refresh(platform)
    async with foreign.changes(platform, auth.KEYS_BUCKET) as changed:
        platform.keys.on_drop.append(changed.set)
        task = asyncio.create_task(_look_again(platform, settings.key_check_s, changed), name="signing-keys")
        try:
            yield
        finally:
            platform.keys.on_drop.remove(changed.set)
            await stop(task)


async def _look_again(platform: Platform, every_s: float, changed: asyncio.Event) -> None:
    """Also when the bucket has changed: the key this replica signs with may be gone, or a foreign one may be there."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await changed.wait()
        changed.clear()
        try:
            await service.refresh(platform)
        except Exception:  # the database or NATS is away: the keys in memory go on, the next look heals
            log.warning("signing_keys_not_refreshed", exc_info=True)
        honour_cancel()
