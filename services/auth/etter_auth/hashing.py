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
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from etter_auth.settings import AuthSettings
from etter_common import crypto
from etter_common.errors import Unavailable
from etter_common.overload import Gate
from etter_common.platform import Platform

R = TypeVar("R")
NICER_BY: Final = 5
"""How much lower the priority of a hashing thread is than that of the event loop."""
_RETRY_AFTER_S: Final = 5


class TooManySignIns(Unavailable):
    code, title = "TOO_MANY_SIGN_INS", "More sign-ins are waiting than can be checked in time"


@dataclass(frozen=True)
class Verdict:
    """`fresh_hash` is set when a right password was stored with other parameters than today's."""

    is_right: bool
    fresh_hash: str | None = None


class Hasher:
    """Makes and checks password hashes; one per process."""

    def __init__(self, settings: AuthSettings) -> None:
        self._argon2 = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
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
        self._dummy = self._argon2.hash(crypto.new_token())

    def permit(self) -> AbstractAsyncContextManager[None]:
        """The right to hash, for the block: take it before a connection. Raises `TooManySignIns`."""
        return self._gate.permit()

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._argon2.hash, password)

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Whether `password` made `stored`. Without a stored hash the same work is done for nothing."""
        return await self._in_thread(self._verify, stored or self._dummy, password, stored is not None)

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _verify(self, stored: str, password: str, is_real: bool) -> Verdict:
        try:
            self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return Verdict(is_right=False)
        fresh = self._argon2.hash(password) if is_real and self._argon2.check_needs_rehash(stored) else None
        return Verdict(is_right=is_real, fresh_hash=fresh)

    async def _in_thread(self, work: Callable[..., R], *args: object) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)


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
