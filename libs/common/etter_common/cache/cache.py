"""Reads through both tiers, one load per key at a time, and nothing stale kept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from nats.aio.client import Client
from redis.asyncio import Redis

from etter_common import metrics
from etter_common.cache.backplane import Backplane, Invalidation
from etter_common.cache.entry import Entry
from etter_common.cache.fence import Epochs, Ledger, Mark
from etter_common.cache.keys import EVERYTHING, CacheKey
from etter_common.cache.memory import Memory
from etter_common.cache.reads import Flight, Loader, Read, Terms
from etter_common.cache.shared import Change, Fetched, SharedTier
from etter_common.clock import monotonic
from etter_common.errors import AppError
from etter_common.events.retry import Kind, classify
from etter_common.logging import get_logger

BEAT_S: Final = 0.5
LONGEST_IN_MEMORY_S: Final = 60.0
LEAD_WAIT_S: Final = 1.0
JOIN_UNHEARD_S: Final = 0.05
FAIL_SAFE_PAUSE_S: Final = 5.0

_JITTER: Final = 0.1
_DUE: Final = (0.75, 0.9)  # of the lifetime, drawn anew each time: renewals of one moment's values spread
_FIRST_PAUSE_S: Final = 0.005
_LAST_PAUSE_S: Final = 0.1
_log = get_logger(__name__)


class Cache:
    """One service's cache in one process.

    Without NATS the first tier is never used, as no other replica's invalidation would be heard; without
    Redis there is no second tier. Neither being away makes a read fail: it is slower then.
    """

    def __init__(
        self,
        *,
        service: str,
        redis: Redis | None,
        nats: Client | None,
        l1_max_bytes: int = 64 * 1024 * 1024,
        beat_s: float = BEAT_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._memory = Memory(l1_max_bytes, clock)
        self._clock = clock
        self._epochs = Epochs()
        self._ledger = Ledger()
        self._shared = SharedTier(redis, service) if redis is not None else None
        self._backplane = Backplane(nats, service, self._hear, beat_s=beat_s) if nats is not None else None
        self._beat_s = beat_s
        self._flights: dict[CacheKey, Flight] = {}
        self._looks: dict[CacheKey, asyncio.Task[Entry | None]] = {}
        self._refreshing: set[CacheKey] = set()
        self._hits: dict[str, metrics.Tally] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._beating: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._was_alive = False

    async def start(self) -> None:
        """Listen for invalidations; until this is called nothing is kept in the process."""
        if self._backplane:
            await self._backplane.start()
        await self._heal_shared()
        self._beating = asyncio.create_task(self._beat(), name="cache-beat")

    async def close(self) -> None:
        """Finish invalidations under way and stop listening. The connections stay open: they are the caller's."""
        self._closing.set()
        if self._beating:
            await asyncio.gather(self._beating, return_exceptions=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._backplane:
            await self._backplane.close()
        if self._shared:
            await self._shared.close()
        self._memory.clear()

    def peek(self, key: CacheKey) -> Entry | None:
        """What the first tier holds, at once and without a call; a miss is not counted.

        None for one that is due for renewal while nobody renews it: `get_or_load` serves it and sees to that.
        """
        if not self._hears():
            return None
        entry = self._memory.fresh(key) if key in self._refreshing else self._memory.undue(key)
        if entry is None or entry.absence:
            return None
        self._count_hit(key.resource)
        return entry

    async def get_or_load(self, key: CacheKey, loader: Loader, terms: Terms) -> Entry:
        """The cached value, or what `loader` returns, kept on `terms`.

        The loader reads what is committed now: no write of the caller's transaction may be pending and no snapshot
        older than the call be in use. What it raises, every reader waiting for it gets, and nothing is kept but what
        `terms` say. One that uses nothing of the request may run in the background. An invalidated value is never
        served, not even by `terms` that take a stale one.
        """
        read = Read(key, loader, terms)
        while True:
            entry = self._at_hand(read) or self._stale(read)
            if entry is not None:
                return entry.found()
            flight = self._flights.get(key)
            if flight is None or not self._may_join(flight):
                return (await self._lead(read)).found()
            result = await asyncio.shield(flight.result)
            if isinstance(result, Exception):
                raise result
            if result is not None:
                return result.found()

    def mark(self, terms: Terms) -> Mark:
        """Where the tags stand, for a later `recall`."""
        return self._epochs.mark(terms.tags)

    async def recall(self, key: CacheKey, terms: Terms, since: Mark) -> Entry | None:
        """What the second tier holds, for who knows no loader; concurrent readers share the look.

        None also where the answer is known beforehand: something was invalidated after `since`, or it is being loaded.
        """
        if self._shared is None or not self._hears() or not self._epochs.holds(since) or key in self._flights:
            return None
        look = self._looks.get(key)
        if look is None:
            look = self._looks[key] = asyncio.create_task(self._look(key, terms, self._shared), name="cache-look")
            look.add_done_callback(lambda _: self._looks.pop(key, None))
        return await asyncio.shield(look)

    async def _look(self, key: CacheKey, terms: Terms, shared: SharedTier) -> Entry | None:
        mark = self._epochs.mark(terms.tags)
        found = await shared.fetch(key, terms.tags, token="")
        entry = Entry.unframed(found.body) if found is not None and found.body is not None else None
        if found is None or entry is None or entry.absence or not self._epochs.holds(mark):
            return None
        metrics.CACHE_HITS.labels("l2", key.resource).inc()
        self._keep(key, terms, entry, mark, ttl_s=found.ttl_s)
        return entry

    async def invalidate(self, tags: Iterable[str], *, cause: str = "write", change: str | None = None) -> None:
        """Drop every value under any of `tags`, here, in Redis and in every replica.

        Call it after the commit. It completes even if the caller is cancelled. `cause` labels metrics: a
        fixed word. `change` names what made them stale; `invalidate_rest` may have done it already.
        """
        names = tuple(sorted(set(tags)))
        if names:
            self._forget(names)
            await asyncio.shield(self._background(self._invalidate([Change(names, change)], cause, here=names)))

    async def invalidate_rest(self, changes: Mapping[str, Iterable[str]], *, cause: str) -> None:
        """Drop the tags of changes that are not dropped yet: the rest of a process that died after its commit.

        Whoever comes first drops a change. While Redis is away nothing can be noted, and all of them are dropped.
        """
        named = [Change(tuple(sorted(set(tags))), name) for name, tags in changes.items() if tags]
        if named:
            await asyncio.shield(self._background(self._invalidate(named, cause)))

    async def clear(self, *, cause: str) -> None:
        """Drop everything of this service, everywhere."""
        await self.invalidate([EVERYTHING], cause=cause)

    # reading

    def _at_hand(self, read: Read) -> Entry | None:
        entry = self._memory.fresh(read.key) if self._hears() else None
        if entry is not None:
            self._count_hit(read.key.resource)
            if read.terms.early and self._memory.is_due(read.key):
                self._renew(read)
        return entry

    async def _lead(self, read: Read) -> Entry:
        result: asyncio.Future[Entry | Exception | None] = asyncio.get_running_loop().create_future()
        flight = Flight(self._epochs.mark(read.terms.tags), self._clock(), result)
        self._flights[read.key] = flight
        try:
            entry = await self._fill(read, flight.mark)
        except Exception as error:
            last = self._last_seen(read, error)
            result.set_result(last or error)
            if last is None:
                raise
            return last
        else:
            result.set_result(entry)
            return entry
        finally:
            if not result.done():
                result.set_result(None)
            if self._flights.get(read.key) is flight:
                del self._flights[read.key]

    async def _fill(self, read: Read, mark: Mark) -> Entry:
        found = await self._fetch_or_wait(read)
        held = Entry.unframed(found.body) if found is not None and found.body is not None else None
        if found is not None and held is not None and not await self._is_mine_to_renew(read, found):
            metrics.CACHE_HITS.labels("l2", read.key.resource).inc()
            self._keep(read.key, read.terms, held, mark, ttl_s=found.ttl_s)
            return held
        metrics.CACHE_MISSES.labels(read.key.resource).inc()
        try:
            entry = await self._load(read)
        except BaseException:
            if found is not None and (found.leads or read.renews):
                self._background(self._release(read))
            raise
        await self._store(read, entry, found, mark)
        return entry

    async def _fetch_or_wait(self, read: Read) -> Fetched | None:
        """Look into Redis; while another replica loads this key, wait for its value, but not for long."""
        if self._shared is None:
            return None
        pause_s = _FIRST_PAUSE_S
        give_up = monotonic() + LEAD_WAIT_S
        while True:
            found = await self._shared.fetch(read.key, read.terms.tags, read.token)
            if found is None or found.body is not None or found.leads or monotonic() >= give_up:
                return found
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads waiters
            pause_s = min(pause_s * 2, _LAST_PAUSE_S)

    async def _is_mine_to_renew(self, read: Read, found: Fetched) -> bool:
        """Near the end of its time in Redis too, one replica loads a value anew; the others take it as it is."""
        if not read.renews or self._shared is None or found.ttl_s > read.terms.ttl_s * (1 - _DUE[0]):
            return False
        return await self._shared.lead(read.key, read.token)

    async def _load(self, read: Read) -> Entry:
        began = monotonic()
        try:
            entry = Entry(await read.loader())
        except Exception as error:
            if not (read.terms.absent_s and isinstance(error, AppError) and error.status == 404 and not error.facts):
                metrics.CACHE_LOADS.labels(read.key.resource, "failed").inc()
                raise
            entry = Entry.absent(error)
        metrics.CACHE_LOADS.labels(read.key.resource, "absent" if entry.absence else "loaded").inc()
        metrics.CACHE_LOAD_SECONDS.labels(read.key.resource).observe(monotonic() - began)
        return entry

    async def _store(self, read: Read, entry: Entry, found: Fetched | None, mark: Mark) -> None:
        lifetime_s = min(read.terms.absent_s, read.terms.ttl_s) if entry.absence else read.terms.ttl_s
        ttl_s = lifetime_s * random.uniform(1 - _JITTER, 1)  # noqa: S311 - spreads expiries
        if self._shared is not None and found is not None:
            stored = await self._shared.store(
                read.key, read.terms.tags, entry.frame(), token=read.token, versions=found.versions, ttl_s=ttl_s
            )
            if stored is False:
                return
        self._keep(read.key, read.terms, entry, mark, ttl_s=ttl_s)

    def _keep(self, key: CacheKey, terms: Terms, entry: Entry, mark: Mark, *, ttl_s: float) -> None:
        if self._hears() and self._epochs.holds(mark):
            in_memory_s = min(ttl_s, LONGEST_IN_MEMORY_S * random.uniform(1 - _JITTER, 1))  # noqa: S311
            tags = (EVERYTHING, *terms.tags)
            due_s = in_memory_s * random.uniform(*_DUE) if terms.early else None  # noqa: S311
            stale_s, kept_s = (0.0, 0.0) if entry.absence else (terms.stale_s, terms.fail_safe_s)
            self._memory.put(key, entry, tags=tags, ttl_s=in_memory_s, stale_s=stale_s, kept_s=kept_s, due_s=due_s)

    async def _release(self, read: Read) -> None:
        if self._shared is not None:
            await self._shared.release(read.key, read.token)

    def _may_join(self, flight: Flight) -> bool:
        """A load that began before an invalidation is not for those who come after it.

        When invalidations are not heard, only a load about as young as one takes to be heard is joined.
        """
        if not self._epochs.holds(flight.mark):
            return False
        return self._hears() or self._clock() - flight.began < JOIN_UNHEARD_S

    def _stale(self, read: Read) -> Entry | None:
        entry = self._memory.stale(read.key) if read.terms.stale_s and self._hears() else None
        if entry is None:
            return None
        self._renew(read)
        metrics.CACHE_STALE.labels(read.key.resource).inc()
        return entry

    def _last_seen(self, read: Read, error: Exception) -> Entry | None:
        """The value past its time when no new one can be had, because what it is read from is away."""
        if not read.terms.fail_safe_s or not self._hears() or classify(error) is not Kind.AWAY:
            return None
        entry = self._memory.fall_back(read.key, for_s=FAIL_SAFE_PAUSE_S)
        if entry is not None:
            metrics.CACHE_FAIL_SAFE.labels(read.key.resource).inc()
            _log.warning("cache_fail_safe", resource=read.key.resource, error_type=type(error).__name__)
        return entry

    def _renew(self, read: Read) -> None:
        if read.key not in self._refreshing:
            self._refreshing.add(read.key)
            self._background(self._refresh(replace(read, renews=True)))

    async def _refresh(self, read: Read) -> None:
        try:
            if read.key not in self._flights:
                await self._lead(read)
        except Exception:
            _log.warning("cache_refresh_failed", resource=read.key.resource, exc_info=True)
        finally:
            self._refreshing.discard(read.key)

    # invalidating

    async def _invalidate(self, changes: list[Change], cause: str, *, here: Sequence[str] = ()) -> None:
        """`here` are tags that this process forgets even if another one has just dropped them, and told it later."""
        dropped = await self._shared.bump(changes) if self._shared else None
        tags = dropped.tags if dropped else sorted({tag for change in changes for tag in change.tags})
        number = dropped.number if dropped else None
        if number:
            self._ledger.hear(number)
        self._forget([*here, *tags])  # what was read from Redis a moment ago was still the old version
        metrics.CACHE_INVALIDATIONS.labels(cause).inc(len(tags))
        if tags and self._backplane:
            await self._backplane.announce(tags, cause=cause, number=number)

    def _hear(self, heard: Invalidation) -> None:
        metrics.CACHE_INVALIDATIONS.labels("remote").inc(len(heard.tags))
        if heard.number is not None:
            self._ledger.hear(heard.number)
        elif self._shared is not None:
            self._shared.owe(heard.tags)
        self._forget(heard.tags)

    def _forget(self, tags: Sequence[str]) -> None:
        self._epochs.bump(tags)
        self._memory.drop_tags(tags)

    def _count_hit(self, resource: str) -> None:
        tally = self._hits.get(resource)
        if tally is None:
            tally = self._hits[resource] = metrics.Tally(metrics.CACHE_HITS.labels("l1", resource))
        tally.pending += 1

    # staying sure of it

    def _hears(self) -> bool:
        """Whether invalidations reach this process; the moment they do not, the first tier is emptied."""
        alive = self._backplane is not None and self._backplane.is_alive
        if self._was_alive and not alive:
            self._empty("backplane_lost")
        self._was_alive = alive
        return alive

    def _empty(self, cause: str) -> None:
        self._epochs.bump([EVERYTHING])
        self._memory.clear()
        metrics.CACHE_CLEARS.labels(cause).inc()
        _log.warning("cache_l1_emptied", cause=cause)

    async def _beat(self) -> None:
        """Ends by the event, not by cancelling: nats-py takes a cancellation for its own in some calls."""
        while not await self._closes_within(self._beat_s):
            if self._backplane:
                await self._backplane.beat()
                self._hears()
            await self._heal_shared()

    async def _closes_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()

    async def _heal_shared(self) -> None:
        count = await self._shared.heal() if self._shared else None
        if count is not None and self._ledger.missed(count):
            self._empty("invalidation_missed")

    def _background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
