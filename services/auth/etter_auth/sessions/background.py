"""Keeps the bucket of revocations in line with the table, next to the events of each end: a lost bucket heals by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from etter_auth.sessions import service
from etter_auth.settings import AuthSettings
from etter_common.events.supervisor import honour_cancel, supervised
from etter_common.platform import Platform


@asynccontextmanager
async def revocations_announced(platform: Platform) -> AsyncIterator[None]:
    """The background part of an API process: at start, then again and again; replicas may do it side by side."""
    settings = platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings

    async def look_again() -> None:
        while True:
            await service.align(platform)
            honour_cancel()  # the client's own calls eat one now and then
            await asyncio.sleep(settings.key_check_s)

    async with supervised("revocations", look_again):
        yield
