"""Keeps the bucket of revocations as the table of sessions has it: what is deleted or lost there is put back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from etter_auth import foreign
from etter_auth.sessions import service
from etter_auth.settings import AuthSettings
from etter_common import auth
from etter_common.events.supervisor import honour_cancel, supervised
from etter_common.platform import Platform


@asynccontextmanager
async def revocations_announced(platform: Platform) -> AsyncIterator[None]:
    """Run in each API process: align at start, after each change of the bucket, and every `key_check_s`."""
    settings = platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings

    async def look_again() -> None:
        async with foreign.changes(platform, auth.REVOCATIONS_BUCKET) as changed:
            while True:
                await service.align(platform)
                honour_cancel()  # the client's own calls eat one now and then
                await foreign.next_look(changed, settings.key_check_s)

    async with supervised("revocations", look_again):
        yield
