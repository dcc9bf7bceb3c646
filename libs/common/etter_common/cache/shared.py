"""The second tier, in Redis or Valkey: values with the versions of their tags, one loader per key at a time.

A tag's version is a random token that changes at every invalidation. It is not a clock, so no skew matters,
and never a count, so a version that was evicted and made anew cannot equal an old one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import MaxConnectionsError, RedisError

from etter_common import metrics
from etter_common.cache.keys import EVERYTHING, LONGEST_S, CacheKey
from etter_common.cache.line import Line
from etter_common.logging import get_logger

BUDGET_S: Final = 0.15
LEASE_S: Final = 5.0
LARGEST_BYTES: Final = 4 * 1024 * 1024

_TAG_TTL_MS: Final = (LONGEST_S + 3600) * 1000
_NOTE_TTL_MS: Final = 600_000
_TRIPS_AFTER: Final = 2  # failed calls in a row
_MAX_OWED: Final = 10_000
_BATCH: Final = 500
_CALLS_AT_ONCE: Final = 32
_log = get_logger(__name__)

# KEYS: entry, lock, tags…   ARGV: our token ('': only look), lease ms, version for a new tag, its lifetime ms
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
local leads = ARGV[1] ~= '' and redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
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

# KEYS: counter of invalidations, then of each change its note (the counter again where it has none) and its tags…
# ARGV: the new version, its life and a note's ms, then how many tags each change has
_BUMP: Final = """
local at, done = 2, {}
for change = 1, #ARGV - 3 do
  local note, last = KEYS[at], at + tonumber(ARGV[change + 3])
  if note == KEYS[1] or redis.call('SET', note, '1', 'NX', 'PX', ARGV[3]) then
    for i = at + 1, last do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
    done[#done + 1] = change
  end
  at = last + 1
end
return {#done > 0 and redis.call('INCR', KEYS[1]) or 0, done}
"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a read found. Without a body, `leads` says whether this caller is the one to load it."""

    versions: bytes
    leads: bool
    ttl_s: float
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Change:
    """What makes `tags` stale. One with a `name` is done once, whoever comes first; one without each time."""

    tags: tuple[str, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The tags that have new versions now, and the number of that invalidation."""

    tags: list[str]
    number: int


class Away(Exception):
    """Redis did not answer within the budget, or is not asked at the moment."""


class SharedTier:
    """Every call answers within `BUDGET_S`; it says None when Redis is away, and never raises for that.

    After two failures in a row no call is tried until `heal` has reached the server again, so a frozen server
    costs the requests in flight at that moment one budget, and later ones nothing. Invalidations that did not get
    through are owed: values of those tags are not read from here until they did.
    """

    def __init__(self, redis: Redis, service: str, *, budget_s: float = BUDGET_S) -> None:
        self._redis = redis
        self._prefix = f"etter:{service}:cache"
        self._budget_s = budget_s
        self._failures = 0
        self._owed: dict[str, int] = {}  # tag to the turn at which it was last owed
        self._turn = 0
        self._slots = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._line = Line(redis)
        self._fetch = self._line.script(_FETCH)
        self._store = self._line.script(_STORE)
        self._release = redis.register_script(_RELEASE)
        self._bump = redis.register_script(_BUMP)

    @property
    def is_away(self) -> bool:
        return self._failures >= _TRIPS_AFTER

    async def close(self) -> None:
        await self._line.close()

    async def fetch(self, key: CacheKey, tags: Sequence[str], token: str) -> Fetched | None:
        """The value if none of its tags has changed since; else the versions to store a new one with.

        Without a `token` nobody is asked to load it.
        """
        if self._owes(tags):
            return None
        keys = self._names(key, tags)
        terms: list[str | int] = [token, int(LEASE_S * 1000), _version(), _TAG_TTL_MS]
        try:
            reply = await self._call("fetch", lambda: self._fetch(keys, terms))
        except Away:
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
        keys = self._names(key, tags)
        terms: list[str | bytes | int] = [token, versions, max(1, int(ttl_s * 1000)), body]
        try:
            return bool(await self._call("store", lambda: self._store(keys, terms)))
        except Away:
            return None

    async def lead(self, key: CacheKey, token: str) -> bool:
        """Become the one who loads this value although it is still good."""
        name = f"{self._prefix}:lock:{key}"
        try:
            return bool(await self._call("lead", lambda: self._redis.set(name, token, nx=True, px=int(LEASE_S * 1000))))
        except Away:
            return False

    async def release(self, key: CacheKey, token: str) -> None:
        """Give the lead up without a value."""
        with suppress(Away):
            await self._call("release", lambda: self._release([f"{self._prefix}:lock:{key}"], [token]))

    async def bump(self, changes: Sequence[Change]) -> Dropped | None:
        """Give the tags of the changes nobody has done yet a new version and note that they are done, in one step.

        None when Redis is away; all tags are owed then.
        """
        try:
            return await self._bump_all(changes)
        except Away:
            self.owe(tag for change in changes for tag in change.tags)
            return None

    def owe(self, tags: Iterable[str]) -> None:
        """Remember tags whose versions could not be changed; too many become all of them."""
        self._turn += 1
        self._owed.update(dict.fromkeys(tags, self._turn))
        if len(self._owed) > _MAX_OWED:
            self._owed = {EVERYTHING: self._turn}

    async def heal(self) -> int | None:
        """Try the server, pay what is owed, and tell the counter of invalidations; None while it is away."""
        try:
            count = await self._call("heal", lambda: self._redis.get(self._count), probe=True)
            await self._pay()
        except Away:
            return None
        return int(count or 0)

    async def _pay(self) -> None:
        owed = dict(self._owed)
        if owed:
            await self._bump_all([Change(tuple(owed))])
        for tag, turn in owed.items():
            if self._owed.get(tag) == turn:  # it may have been owed anew meanwhile
                del self._owed[tag]

    async def _bump_all(self, changes: Sequence[Change]) -> Dropped:
        tags: list[str] = []
        number = 0
        for batch in _batches(changes):
            keys = [self._count]
            for change in batch:
                keys += [
                    self._note(change.name) if change.name else self._count,
                    *(self._tag(tag) for tag in change.tags),
                ]
            terms: list[str | int] = [_version(), _TAG_TTL_MS, _NOTE_TTL_MS, *(len(change.tags) for change in batch)]
            last, done = await self._call("bump", partial(self._bump, keys, terms))
            tags += [tag for position in done for tag in batch[position - 1].tags]
            number = last or number
        return Dropped(tags, number)

    def _note(self, change: str) -> str:
        return f"{self._prefix}:done:{change}"

    def _tag(self, tag: str) -> str:
        return f"{self._prefix}:tag:{tag}"

    @property
    def _count(self) -> str:
        return f"{self._prefix}:count"

    def _owes(self, tags: Sequence[str]) -> bool:
        return bool(self._owed) and (EVERYTHING in self._owed or any(tag in self._owed for tag in tags))

    def _names(self, key: CacheKey, tags: Sequence[str]) -> list[str]:
        tagged = [self._tag(tag) for tag in (EVERYTHING, *tags)]
        return [f"{self._prefix}:entry:{key}", f"{self._prefix}:lock:{key}", *tagged]

    # Any: what a script answers depends on the script
    async def _call(self, operation: str, call: Callable[[], Awaitable[Any]], *, probe: bool = False) -> Any:
        if self.is_away and not probe:
            raise Away
        asked = False
        try:
            async with asyncio.timeout(self._budget_s), self._slots:
                if self.is_away and not probe:  # found out while this one waited
                    raise Away
                asked = True
                reply = await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._fail(operation, error, asked=asked and not isinstance(error, MaxConnectionsError))
            raise Away from error
        if self.is_away:
            _log.info("cache_shared_tier_back")
        self._failures = 0
        return reply

    def _fail(self, operation: str, error: Exception, *, asked: bool) -> None:
        """Count a failure; waiting in vain for a free connection says nothing about the server."""
        metrics.CACHE_L2_ERRORS.labels(operation).inc()
        self._failures += asked
        if asked and self._failures == _TRIPS_AFTER:
            _log.warning("cache_shared_tier_away", operation=operation, error_type=type(error).__name__)


def _batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """At most `_BATCH` tags a call, or little more. A change that is larger is noted as done with its last part."""
    batch: list[Change] = []
    size = 0
    for change in changes:
        *parts, last = [change.tags[at : at + _BATCH] for at in range(0, len(change.tags), _BATCH)]
        for part in (*map(Change, parts), Change(last, change.name)):
            batch.append(part)
            size += len(part.tags)
            if size >= _BATCH:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _version() -> str:
    return os.urandom(8).hex()
