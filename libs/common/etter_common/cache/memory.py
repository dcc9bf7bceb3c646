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
    """An entry in place. Served as fresh until `fresh_until`; `stale_until` where the reader allows it."""

    entry: Entry
    tags: tuple[str, ...]
    fresh_until: float
    stale_until: float
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
        self._slots.move_to_end(key)
        return slot.entry

    def stale(self, key: CacheKey) -> Entry | None:
        """An entry past its time that its reader still accepts; one past that too is dropped here."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        if slot.stale_until <= self._clock():
            self._drop(key)
            return None
        return slot.entry

    def put(self, key: CacheKey, entry: Entry, *, tags: tuple[str, ...], ttl_s: float, stale_s: float = 0.0) -> None:
        self._drop(key)
        size = entry.size + _OVERHEAD_BYTES + len(key.params)
        if size * _LARGEST_SHARE > self._max_bytes:
            return
        now = self._clock()
        self._slots[key] = Slot(entry, tags, now + ttl_s, now + ttl_s + stale_s, size)
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
