"""argon2id in a few threads of its own, behind a concurrency limiter of its own.

Each hash takes 19 MiB and tens of milliseconds of a core. However many sign-ins wait, the event loop and the other
requests of the process go on: the threads have a lower priority, and requests wait here without a database connection
and without a place among the others.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final, TypeVar

from etter_auth.digests import Digests
from etter_auth.settings import AuthSettings
from etter_common.errors import Unavailable
from etter_common.overload import Gate
from etter_common.platform import Platform

R = TypeVar("R")
NICER_BY: Final = 5
"""How much lower the priority of a hashing thread is than that of the event loop."""
_RETRY_AFTER_S: Final = 5


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
        self._threads = ThreadPoolExecutor(settings.hash_threads, "argon2", initializer=_lower_priority)
        self._gate = Gate(
            concurrency=settings.hash_threads + 1,  # one looks up its account while the others hash
            queue=settings.hash_queue,
            wait_s=settings.hash_wait_s,
            name="hash",
            error=lambda: TooManySignIns(retry_after_s=_RETRY_AFTER_S),
        )

    def permit(self) -> AbstractAsyncContextManager[None]:
        """The right to hash, for the block: take it before a connection. Raises `TooManySignIns`."""
        return self._gate.permit()

    async def hash(self, password: str, *, beside: str | None = None) -> str:
        """As `Digests.make`."""
        return await self._in_thread(partial(self._digests.make, password, beside=beside))

    async def matching(self, stored: Sequence[str], password: str) -> Mapping[str, str | None]:
        """As `Digests.matching`."""
        return await self._in_thread(partial(self._digests.matching, stored, password))

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


@asynccontextmanager
async def hashing(platform: Platform) -> AsyncIterator[None]:
    """The hasher of a process, for as long as it runs."""
    assert isinstance(platform.settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings
    hasher = Hasher(platform.settings)
    platform.provide(hasher)
    try:
        yield
    finally:
        hasher.close()


def _lower_priority() -> None:
    """Of the calling thread: where threads have one, on Linux."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICER_BY)
