"""Circuit breaker: a system that does not answer is left alone for a while instead of being waited for every time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from etter_common.clock import monotonic

TRIPS_AFTER: Final = 5  # failed calls in a row
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 60.0


class Circuit:
    """Closed, it lets every call through; after `trips_after` failures in a row it is open for `first_s`.

    Then one call at a time is let through as a probe: its success closes the circuit, its failure opens it for twice
    as long, up to `longest_s`. A probe that never tells how it went counts as lost after the pause.
    """

    def __init__(
        self, *, trips_after: int = TRIPS_AFTER, first_s: float = FIRST_PAUSE_S, longest_s: float = LONGEST_PAUSE_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:  # fmt: skip
        self._trips_after = trips_after
        self._first_s = first_s
        self._longest_s = longest_s
        self._clock = clock
        self._failures = 0
        self._pause_s = first_s
        self._open_until = float("-inf")

    @property
    def is_open(self) -> bool:
        return self._failures >= self._trips_after

    def refusal_s(self) -> float | None:
        """How long to stay away; None: go on, and say how it went by `note`."""
        if not self.is_open:
            return None
        now = self._clock()
        if now < self._open_until:
            return self._open_until - now
        self._open_until = now + self._pause_s  # the others wait for this probe
        return None

    def note(self, *, ok: bool) -> None:
        if ok:
            self._failures, self._pause_s = 0, self._first_s
            return
        was_open = self.is_open
        self._failures += 1
        if self.is_open:
            self._pause_s = min(self._pause_s * 2, self._longest_s) if was_open else self._first_s
            self._open_until = self._clock() + self._pause_s
