"""How late the event loop runs what is due: the saturation of a process that does its work on one thread."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from etter_common import metrics
from etter_common.clock import monotonic

EVERY_S: Final = 0.5


@contextmanager
def watched_loop(every_s: float = EVERY_S) -> Generator[None]:
    """Observe the running loop's lateness every `every_s` inside the block."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def look_later() -> None:
        nonlocal timer
        timer = loop.call_later(every_s, look, monotonic() + every_s)

    def look(due: float) -> None:
        metrics.LOOP_LAG_SECONDS.observe(max(0.0, monotonic() - due))
        look_later()

    look_later()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
