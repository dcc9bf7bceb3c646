"""The second tier, in Redis or Valkey: values with the versions of their tags, one loader per key at a time.

A tag's version is a random token that changes at every invalidation. It is not a clock, so no skew matters, and
never a count, so a version that was evicted and made anew cannot equal an old one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from etter_common import metrics
from etter_common.cache.keys import EVERYTHING, LONGEST_S, CacheKey
from etter_common.clock import monotonic
from etter_common.logging import get_logger

BUDGET_S: Final = 0.15
LEASE_S: Final = 5.0
LARGEST_BYTES: Final = 4 * 1024 * 1024

_TAG_TTL_MS: Final = (LONGEST_S + 3600) * 1000
_TRIPS_AFTER: Final = 2  # failed calls in a row
_MAX_OWED: Final = 10_000
_BATCH: Final = 500
_T = TypeVar("_T")
_log = get_logger(__name__)

# KEYS: entry, lock, tags…   ARGV: our token, lease ms, version for a new tag, its lifetime ms
_FETCH: Final = """
local versions = {}
for i = 3, #KEYS do
  local version = redis.call('GET', KEYS[i])
  if not version then
    version = ARGV[3]
    redis.call('SET', KEYS[i], version, 'PX', ARGV[4])
  end
  versions[#versions + 1] = KEYS[i] .. '=' .. version
end
local seen = table.concat(versions, ';')
if redis.call('HGET', KEYS[1], 'versions') == seen then
  return {seen, 0, redis.call('PTTL', KEYS[1]), redis.call('HGET', KEYS[1], 'body')}
end
local leads = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return {seen, leads and 1 or 0, 0, false}
"""

# KEYS: entry, lock, tags…   ARGV: our token, the versions before the load, lifetime ms, body
_STORE: Final = """
local versions = {}
for i = 3, #KEYS do
  versions[#versions + 1] = KEYS[i] .. '=' .. (redis.call('GET', KEYS[i]) or '')
end
local holds = table.concat(versions, ';') == ARGV[2]
if holds then
  redis.call('HSET', KEYS[1], 'versions', ARGV[2], 'body', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return holds and 1 or 0
"""

# KEYS: lock   ARGV: our token
_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""

# KEYS: counter of invalidations, tags…   ARGV: the new version, its lifetime ms
_BUMP: Final = """
for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
return redis.call('INCR', KEYS[1])
"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a read found. Without a body, `leads` says whether this caller is the one to load it."""

    versions: bytes
    leads: bool
    ttl_s: float
    body: bytes | None


class SharedTier:
    """Every call answers within `BUDGET_S`, and None when Redis is away: it never raises for that.

    After two failures in a row no call is tried until `heal` has reached the server again, so a frozen server
    costs the requests in flight at that moment one budget, and later ones nothing. Invalidations that did not get
    through are owed: values of those tags are not read from here until they did.
    """

    def __init__(self, redis: Redis, service: str, *, budget_s: float = BUDGET_S) -> None:
        self._redis = redis
        self._prefix = f"etter:{service}:cache"
        self._budget_s = budget_s
        self._failures = 0
        self._owed: set[str] = set()
        self._fetch = redis.register_script(_FETCH)
        self._store = redis.register_script(_STORE)
        self._release = redis.register_script(_RELEASE)
        self._bump = redis.register_script(_BUMP)

    @property
    def is_away(self) -> bool:
        return self._failures >= _TRIPS_AFTER

    async def fetch(self, key: CacheKey, tags: Sequence[str], token: str) -> Fetched | None:
        """The value if none of its tags has changed since; else the versions to store a new one with."""
        if self._owes(tags):
            return None
        arguments = [token, int(LEASE_S * 1000), _version(), _TAG_TTL_MS]
        reply = await self._call("fetch", self._fetch(self._names(key, tags), arguments))
        if reply is None:
            return None
        versions, leads, ttl_ms, body = reply
        return Fetched(versions, bool(leads), ttl_ms / 1000, body)

    async def store(
        self, key: CacheKey, tags: Sequence[str], body: bytes, *, token: str, versions: bytes, ttl_s: float
    ) -> bool | None:
        """Keep the value if its tags still have the versions read before the load, and let the others in."""
        if self._owes(tags) or len(body) > LARGEST_BYTES:
            await self.release(key, token)
            return None
        arguments = [token, versions, max(1, int(ttl_s * 1000)), body]
        reply = await self._call("store", self._store(self._names(key, tags), arguments))
        return None if reply is None else bool(reply)

    async def release(self, key: CacheKey, token: str) -> None:
        """Give the lead up without a value."""
        await self._call("release", self._release([f"{self._prefix}:lock:{key}"], [token]))

    async def bump(self, tags: Iterable[str]) -> int | None:
        """Give every tag a new version; the number of this invalidation, or None and the tags are owed."""
        names = list(tags)
        number = None
        for start in range(0, len(names), _BATCH):
            keys = [f"{self._prefix}:tag:{tag}" for tag in names[start : start + _BATCH]]
            arguments = [_version(), _TAG_TTL_MS]
            number = await self._call("bump", self._bump([f"{self._prefix}:count", *keys], arguments))
            if number is None:
                self.owe(names[start:])
                return None
        return number

    def owe(self, tags: Iterable[str]) -> None:
        """Remember tags whose versions could not be changed; too many become all of them."""
        self._owed.update(tags)
        if len(self._owed) > _MAX_OWED:
            self._owed = {EVERYTHING}

    async def heal(self) -> int | None:
        """Try the server, pay what is owed, and tell the counter of invalidations; None while it is away."""
        count = await self._call("heal", self._redis.get(f"{self._prefix}:count"), probe=True)
        if self._failures:
            return None
        if self._owed:
            owed, self._owed = self._owed, set()
            if await self.bump(owed) is None:
                self.owe(owed)
                return None
        return int(count or 0)

    def _owes(self, tags: Sequence[str]) -> bool:
        return bool(self._owed) and (EVERYTHING in self._owed or not self._owed.isdisjoint(tags))

    def _names(self, key: CacheKey, tags: Sequence[str]) -> list[str]:
        tagged = [f"{self._prefix}:tag:{tag}" for tag in (EVERYTHING, *tags)]
        return [f"{self._prefix}:value:{key}", f"{self._prefix}:lock:{key}", *tagged]

    # Any: what a script answers depends on the script
    async def _call(self, operation: str, call: Awaitable[Any], *, probe: bool = False) -> Any:
        if self.is_away and not probe:
            _discard(call)
            return None
        try:
            async with asyncio.timeout(self._budget_s):
                reply = await call
        except (RedisError, OSError, TimeoutError) as error:
            self._fail(operation, error)
            return None
        if self.is_away:
            _log.info("cache_shared_tier_back")
        self._failures = 0
        return reply

    def _fail(self, operation: str, error: Exception) -> None:
        metrics.CACHE_L2_ERRORS.labels(operation).inc()
        self._failures += 1
        if self._failures == _TRIPS_AFTER:
            _log.warning("cache_shared_tier_away", operation=operation, error_type=type(error).__name__)


def _version() -> str:
    return os.urandom(8).hex()


def _discard(call: Awaitable[Any]) -> None:
    close = getattr(call, "close", None)
    if close:
        close()
