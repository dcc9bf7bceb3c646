"""Keeps the bucket of API keys in line with the table, beside the events of each change: a lost bucket heals by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from etter_auth import foreign
from etter_auth.api_keys import service
from etter_auth.settings import AuthSettings
from etter_common import api_keys
from etter_common.events.supervisor import honour_cancel, supervised
from etter_common.platform import Platform


@asynccontextmanager
async def api_keys_told(platform: Platform) -> AsyncIterator[None]:
    """The background part of an API process: at start, then again and again; replicas may do it side by side."""
    settings = platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings

    async def look_again() -> None:
        async with foreign.changes(platform, api_keys.BUCKET) as changed:
            while True:
                await service.align(platform)
                honour_cancel()  # the client's own calls eat one now and then
                await foreign.next_look(changed, settings.key_check_s)

    async with supervised("api-keys", look_again):
        yield
