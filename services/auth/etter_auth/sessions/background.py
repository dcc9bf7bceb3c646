"""Keeps the bucket of revocations in line with the table of sessions: one that is deleted from it is put back."""

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
async def revocations_told(platform: Platform) -> AsyncIterator[None]:
    """The background part of an API process: at start, after changes of the bucket, and again and again."""
    settings = platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings

    async def look_again() -> None:
        async with foreign.changes(platform, auth.REVOCATIONS_BUCKET) as changed:
            while True:
                await service.put_back_revocations(platform)
                honour_cancel()
                await foreign.next_look(changed, settings.key_check_s)

    async with supervised("revocations", look_again):
        yield
