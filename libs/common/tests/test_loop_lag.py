from __future__ import annotations

import asyncio
import time

import pytest

from etter_common import metrics
from etter_common.loop_lag import watched_loop
from etter_common.testing.backbone import until


class Observed:
    """Stands where the metric does: services that this process runs for other tests watch the same loop."""

    def __init__(self) -> None:
        self.lateness: list[float] = []

    def observe(self, seconds: float) -> None:
        self.lateness.append(seconds)

    async def something(self) -> bool:
        return bool(self.lateness)


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Observed:
    found = Observed()
    monkeypatch.setattr(metrics, "LOOP_LAG_SECONDS", found)
    return found


async def test_a_blocked_loop_shows_as_late(observed: Observed) -> None:
    with watched_loop(every_s=0.01):
        time.sleep(0.2)  # noqa: ASYNC251 - what must not happen on a loop
        await until(observed.something)
    assert max(observed.lateness) >= 0.15


async def test_it_ends_with_its_block(observed: Observed) -> None:
    """Other watchers look every half second: five looks within 50 ms would be this one's."""
    with watched_loop(every_s=0.001):
        pass
    observed.lateness.clear()
    await asyncio.sleep(0.05)
    assert len(observed.lateness) < 5
