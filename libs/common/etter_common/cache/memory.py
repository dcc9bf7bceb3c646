"""The first tier: least recently used entries leave when the bytes are used up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from etter_common import metrics
from etter_common.cache.entry import Entry
from etter_common.cache.keys import CacheKey

_OVERHEAD_BYTES: Final = 600  # of the key, slot, index rows and objects around a body; measured by tracemalloc
_LARGEST_SHARE: Final = 4  # one entry takes a quarter of the room at most


@dataclass(slots=True)
class Slot:
    """An entry in place, and until when it is what.

    From `due_at` on somebody should renew it; it is served as fresh until `fresh_until`, until `stale_until` while a
    load runs where the reader allows it, and until `kept_until` when no load succeeds.
    """

    key: CacheKey
    entry: Entry
    tags: tuple[str, ...]
    due_at: float
    fresh_until: float
    stale_until: float
    kept_until: float
    size: int


class Memory:
    """Entries by key, bounded by bytes and findable by tag. Not for several threads."""

    def __init__(self, max_bytes: int, clock: Callable[[], float]) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._slots: OrderedDict[CacheKey, Slot] = OrderedDict()
        self._by_tag: dict[str, set[CacheKey]] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._slots)

    def fresh(self, key: CacheKey) -> Entry | None:
        slot = self._slots.get(key)
        if slot is None or slot.fresh_until <= self._clock():
            return None
        self._slots.move_to_end(slot.key)
        return slot.entry

    def undue(self, key: CacheKey) -> Entry | None:
        """A fresh entry that nobody has to renew yet."""
        slot = self._slots.get(key)
        if slot is None or slot.due_at <= self._clock():
            return None
        self._slots.move_to_end(slot.key)  # the key it has there: found without being compared
        return slot.entry

    def is_due(self, key: CacheKey) -> bool:
        """Whether its time is nearly over and its loader one that may run in the background."""
        slot = self._slots.get(key)
        return slot is not None and slot.due_at <= self._clock()

    def stale(self, key: CacheKey) -> Entry | None:
        """An entry past its time that its reader still accepts; one that nobody may have any more is dropped here."""
        slot = self._slots.get(key)
        now = self._clock()
        if slot is None:
            return None
        if max(slot.stale_until, slot.kept_until) <= now:
            self._drop(key)
            return None
        return slot.entry if slot.stale_until > now else None

    def fall_back(self, key: CacheKey, *, for_s: float) -> Entry | None:
        """The entry last seen where no load succeeds; it counts as fresh for `for_s`, so that not all try again."""
        slot = self._slots.get(key)
        now = self._clock()
        if slot is None or slot.kept_until <= now:
            return None
        slot.fresh_until = max(slot.fresh_until, min(now + for_s, slot.kept_until))
        slot.due_at = slot.fresh_until
        return slot.entry

    def put(
        self, key: CacheKey, entry: Entry, *, tags: tuple[str, ...], ttl_s: float,
        stale_s: float = 0.0, kept_s: float = 0.0, due_s: float | None = None,
    ) -> None:  # fmt: skip
        """Keep it fresh for `ttl_s`, and for `stale_s` and `kept_s` after that; due for renewal after `due_s`."""
        self._drop(key)
        size = entry.size + _OVERHEAD_BYTES + len(key.params)
        if size * _LARGEST_SHARE > self._max_bytes:
            return
        now = self._clock()
        over = now + ttl_s
        due_at = over if due_s is None else now + due_s
        self._slots[key] = Slot(key, entry, tags, due_at, over, over + stale_s, over + kept_s, size)
        for tag in tags:
            self._by_tag.setdefault(tag, set()).add(key)
        entry.on_growth(partial(self._grow, key, entry))
        self._account(size)

    def drop_tags(self, tags: Iterable[str]) -> None:
        for tag in tags:
            for key in list(self._by_tag.get(tag, ())):
                self._drop(key)

    def clear(self) -> None:
        for key in list(self._slots):
            self._drop(key)

    def _grow(self, key: CacheKey, entry: Entry, by: int) -> None:
        slot = self._slots.get(key)
        if slot is not None and slot.entry is entry:
            slot.size += by
            self._account(by)

    def _account(self, by: int) -> None:
        self.bytes += by
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._slots)))
            metrics.CACHE_EVICTIONS.inc()
        metrics.CACHE_L1_BYTES.set(self.bytes)
        metrics.CACHE_L1_ENTRIES.set(len(self._slots))

    def _drop(self, key: CacheKey) -> None:
        slot = self._slots.pop(key, None)
        if slot is None:
            return
        slot.entry.on_growth(None)
        self.bytes -= slot.size
        for tag in slot.tags:
            keys = self._by_tag[tag]
            keys.discard(key)
            if not keys:
                del self._by_tag[tag]
