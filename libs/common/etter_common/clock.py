"""The only reader of the clock, so that tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_now: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731 - replaced as a whole by `freeze`


def utc_now() -> datetime:
    """Wall-clock time, always aware and in UTC."""
    return _now()


def epoch_s() -> float:
    """Wall-clock seconds since 1970, for token claims and TTLs."""
    return _now().timestamp()


def monotonic() -> float:
    """Seconds that never run backwards, for durations and deadlines; never frozen."""
    return time.monotonic()


def freeze(source: Callable[[], datetime] | None) -> None:
    """Replace the wall clock (tests only); `None` gives the real one back."""
    global _now
    _now = source or (lambda: datetime.now(UTC))
