from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from etter_common import metrics
from etter_common.loop_lag import watched_loop
from etter_common.testing.backbone import until


def seen() -> tuple[float, float]:
    """How often lateness was observed, and its sum in seconds."""
    [found] = metrics.LOOP_LAG_SECONDS.collect()
    values = {sample.name.removeprefix("etter_event_loop_lag_seconds_"): sample.value for sample in found.samples}
    return values["count"], values["sum"]


def observed_since(count: float) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return seen()[0] > count

    return check


async def test_a_blocked_loop_shows_as_late() -> None:
    count, lateness = seen()
    with watched_loop(every_s=0.01):
        time.sleep(0.2)  # noqa: ASYNC251 - what must not happen on a loop
        await until(observed_since(count))
    assert seen()[1] - lateness >= 0.15


async def test_it_ends_with_its_block() -> None:
    with watched_loop(every_s=0.001):
        pass
    count = seen()[0]
    await asyncio.sleep(0.02)
    assert seen()[0] == count
