"""argon2id in threads, never more at a time than cores: each hash takes 19 MiB and tens of milliseconds of one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from etter_auth.settings import AuthSettings
from etter_common import crypto
from etter_common.errors import Unavailable

R = TypeVar("R")


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
        self._cores = asyncio.Semaphore(os.cpu_count() or 1)
        self._room = settings.hash_queue
        self._dummy = self._argon2.hash(crypto.new_token())

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._argon2.hash, password)

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Whether `password` made `stored`. Without a stored hash the same work is done for nothing."""
        return await self._in_thread(self._verify, stored or self._dummy, password, stored is not None)

    def _verify(self, stored: str, password: str, is_real: bool) -> Verdict:
        try:
            self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return Verdict(is_right=False)
        fresh = self._argon2.hash(password) if is_real and self._argon2.check_needs_rehash(stored) else None
        return Verdict(is_right=is_real, fresh_hash=fresh)

    async def _in_thread(self, work: Callable[..., R], *args: object) -> R:
        if self._room == 0:
            raise TooManySignIns
        self._room -= 1
        try:
            async with self._cores:
                return await asyncio.to_thread(work, *args)
        finally:
            self._room += 1
