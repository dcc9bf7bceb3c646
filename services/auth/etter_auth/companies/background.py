"""Keeps the bucket of confirmed ends in line with the table of companies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from etter_auth import foreign
from etter_auth.companies import service
from etter_auth.settings import AuthSettings
from etter_common.events import erasures
from etter_common.events.supervisor import honour_cancel, supervised
from etter_common.platform import Platform


@asynccontextmanager
async def ends_confirmed(platform: Platform) -> AsyncIterator[None]:
    """The background part of an API process: at start, after changes of the bucket, and again and again."""
    settings = platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings

    async def look_again() -> None:
        async with foreign.changes(platform, erasures.BUCKET) as changed:
            await service.confirm_announced(platform)
            while True:
                await service.withdraw_unfounded(platform)
                honour_cancel()
                await foreign.next_look(changed, settings.key_check_s)

    async with supervised("company-ends", look_again):
        yield
