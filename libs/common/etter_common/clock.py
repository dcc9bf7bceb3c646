"""The only reader of the clock, so that tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

monotonic: Final[Callable[[], float]] = time.monotonic
"""Seconds that never run backwards, for durations and deadlines; never frozen."""

_frozen: Callable[[], datetime] | None = None  # set by `freeze`


def utc_now() -> datetime:
    """Wall-clock time, always aware and in UTC."""
    return _frozen() if _frozen else datetime.now(UTC)


def epoch_s() -> float:
    """Wall-clock seconds since 1970, for token claims and TTLs."""
    return _frozen().timestamp() if _frozen else time.time()


def epoch_ns() -> int:
    """Wall-clock nanoseconds since 1970, for spans; never frozen."""
    return time.time_ns()


def freeze(source: Callable[[], datetime] | None) -> None:
    """Replace the wall clock (tests only); `None` gives the real one back."""
    global _frozen
    _frozen = source
