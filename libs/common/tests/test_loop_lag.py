from __future__ import annotations

import asyncio
import threading
import time

import pytest

from etter_common import metrics
from etter_common.loop_lag import watched_loop


class Observed:
    """Stands where the metric does, for loops off the main thread: there, services run for other tests watch theirs."""

    def __init__(self) -> None:
        self.lateness: list[float] = []

    def observe(self, seconds: float) -> None:
        if threading.current_thread() is not threading.main_thread():
            self.lateness.append(seconds)


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Observed:
    found = Observed()
    monkeypatch.setattr(metrics, "LOOP_LAG_SECONDS", found)
    return found


async def test_a_blocked_loop_shows_as_late(observed: Observed) -> None:
    async def block() -> None:
        with watched_loop(every_s=0.01):
            time.sleep(0.2)  # noqa: ASYNC251 - what must not happen on a loop
            while not observed.lateness:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)

    await asyncio.to_thread(asyncio.run, block())
    assert max(observed.lateness) >= 0.15


async def test_it_ends_with_its_block(observed: Observed) -> None:
    async def leave() -> None:
        with watched_loop(every_s=0.001):
            await asyncio.sleep(0.01)
        observed.lateness.clear()
        await asyncio.sleep(0.05)

    await asyncio.to_thread(asyncio.run, leave())
    assert observed.lateness == []
