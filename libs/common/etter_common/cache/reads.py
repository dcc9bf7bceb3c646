"""What is known of a read: how its value is kept, and the load that others wait for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from etter_common.cache.entry import Entry
from etter_common.cache.fence import Mark
from etter_common.cache.keys import CacheKey

Loader = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a value is kept: for at most `ttl_s`, under `tags`.

    A value `stale_s` past its time is served while one load runs in the background; with `early` one near its end is
    renewed before it is over. A 404 that the loader raises is remembered for `absent_s`. When what it reads from is
    away, the value last seen is served until `fail_safe_s` past its time, with a try every few seconds.
    """

    tags: tuple[str, ...]
    ttl_s: float
    stale_s: float = 0.0
    early: bool = False
    absent_s: float = 0.0
    fail_safe_s: float = 0.0

    @classmethod
    def of(
        cls, tags: Iterable[str], *, ttl_s: float, stale_s: float = 0.0, early: bool = False, absent_s: float = 0.0,
        fail_safe_s: float = 0.0,
    ) -> Terms:  # fmt: skip
        return cls(tuple(sorted(set(tags))), ttl_s, stale_s, early, absent_s, fail_safe_s)


@dataclass(frozen=True, slots=True)
class Read:
    """One read."""

    key: CacheKey
    loader: Loader
    terms: Terms
    renews: bool = False
    token: str = field(default_factory=lambda: os.urandom(12).hex())


@dataclass(frozen=True, slots=True)
class Flight:
    """A load under way. Its result is None when the one who led it was cancelled: the next one leads then."""

    mark: Mark
    began: float
    result: asyncio.Future[Entry | Exception | None]
