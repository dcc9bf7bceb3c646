"""How old a copy of somebody else's data is at most, and how old it may get before it no longer counts."""

from __future__ import annotations

import math

from etter_common.clock import monotonic


class Freshness:
    """Of a copy that is kept in memory. One that nothing feeds has no limit and always counts."""

    def __init__(self, *, max_age_s: float = math.inf) -> None:
        self.max_age_s = max_age_s
        self._complete_at = -math.inf

    def confirm(self, moment: float) -> None:
        """The copy holds all that there was at `moment`, on the monotonic clock."""
        self._complete_at = max(self._complete_at, moment)

    @property
    def age_s(self) -> float:
        """Infinite before the first confirmation."""
        return monotonic() - self._complete_at

    @property
    def is_current(self) -> bool:
        return self.age_s <= self.max_age_s
