"""What the caches of these tests read from, and how they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from etter_common.cache import Cache, CacheKey, Terms

MakeCache = Callable[..., Awaitable[Cache]]
COMPANY = UUID("01900000-0000-7000-8000-000000000001")
KEY = CacheKey(COMPANY, "roles")
PATIENCE_S: Final = 60.0
"""How long a test waits for what must come; nothing is proved by it but that it comes."""


class Source:
    """What the loads read: a value that a test changes, and gates that hold a load where the test wants it."""

    def __init__(self, value: bytes = b"one") -> None:
        self.value = value
        self.loads = 0
        self.began = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> bytes:
        self.loads += 1
        value = self.value
        self.began.set()
        await self.gate.wait()
        return value


async def read(cache: Cache, source: Source, *, key: CacheKey = KEY, **terms: Any) -> bytes:
    terms = {"ttl_s": 3600, "tags": ["roles"], **terms}
    return (await cache.get_or_load(key, source.load, Terms.of(**terms))).body


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)
