"""argon2id in threads, never more at a time than cores: each hash takes 19 MiB and tens of milliseconds of one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from etter_auth.digests import Digests
from etter_auth.settings import AuthSettings
from etter_common.errors import Unavailable

R = TypeVar("R")


class TooManySignIns(Unavailable):
    code, title = "TOO_MANY_SIGN_INS", "More sign-ins are waiting than can be checked in time"


class Hasher:
    """Makes and checks password hashes; one per process."""

    def __init__(self, settings: AuthSettings) -> None:
        self._digests = Digests(
            time_cost=settings.argon2_time_cost,
            memory_kib=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._cores = asyncio.Semaphore(os.cpu_count() or 1)
        self._room = settings.hash_queue

    async def hash(self, password: str, *, beside: str | None = None) -> str:
        """As `Digests.make`."""
        return await self._in_thread(partial(self._digests.make, password, beside=beside))

    async def matching(self, stored: Sequence[str], password: str) -> Mapping[str, str | None]:
        """As `Digests.matching`."""
        return await self._in_thread(partial(self._digests.matching, stored, password))

    async def _in_thread(self, work: Callable[[], R]) -> R:
        if self._room == 0:
            raise TooManySignIns
        self._room -= 1
        try:
            async with self._cores:
                return await asyncio.to_thread(work)
        finally:
            self._room += 1
