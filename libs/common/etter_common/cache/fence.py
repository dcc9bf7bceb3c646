"""What this process has heard to be stale, so that a value loaded before is not kept after."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from etter_common.cache.keys import EVERYTHING

_SLOTS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the tags stood when a load began."""

    everything: int
    slots: tuple[tuple[int, int], ...]


class Epochs:
    """A counter per tag in a table of fixed size. Two tags may share one: that costs a load, never rightness."""

    def __init__(self) -> None:
        self._counters = array("Q", bytes(8 * _SLOTS))
        self._everything = 0

    def mark(self, tags: Iterable[str]) -> Mark:
        slots = sorted({hash(tag) % _SLOTS for tag in tags})
        return Mark(self._everything, tuple((slot, self._counters[slot]) for slot in slots))

    def holds(self, mark: Mark) -> bool:
        """Nothing of what was marked has been invalidated since."""
        return mark.everything == self._everything and all(self._counters[slot] == count for slot, count in mark.slots)

    def bump(self, tags: Iterable[str]) -> None:
        for tag in tags:
            if tag == EVERYTHING:
                self._everything += 1
            else:
                self._counters[hash(tag) % _SLOTS] += 1


class Ledger:
    """Which of the numbered invalidations have been heard, to notice one that got lost on the way.

    The numbers come from a counter in Redis. What it showed at one look must have been heard by the next.
    """

    def __init__(self) -> None:
        self._floor: int | None = None  # all up to here are heard
        self._ahead: set[int] = set()
        self._due = 0

    def hear(self, number: int) -> None:
        self._ahead.add(number)
        if self._floor is not None:
            self._advance(self._floor)

    def missed(self, latest: int) -> bool:
        """Tell whether something was lost, given the counter now; starts over from there if so."""
        if self._floor is None:
            self._start(latest)
            return False
        lost = self._floor < self._due or latest < self._floor
        if lost:
            self._start(latest if latest < self._floor else self._due)
        self._due = latest
        return lost

    def _start(self, floor: int) -> None:
        self._due = floor
        self._advance(floor)

    def _advance(self, floor: int) -> None:
        while floor + 1 in self._ahead:
            floor += 1
        self._floor = floor
        self._ahead = {number for number in self._ahead if number > floor}
