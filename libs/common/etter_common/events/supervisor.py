"""Tasks that run beside everything else: restarted when they fail, ended together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from etter_common import tracing
from etter_common.logging import get_logger

_log = get_logger(__name__)
INSIST_S: Final = 15.0  # longer than any clean-up takes
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 15.0


@asynccontextmanager
async def supervised(name: str, run: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
    """Run `run` for the length of the block; a failure is logged and it starts again after a growing pause."""
    task = asyncio.create_task(_forever(name, run), name=name)
    try:
        yield
    finally:
        await stop(task)


async def first_to_end(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends or fails, then end the others and pass on its failure."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await stop(*tasks)
    for task in done:
        task.result()


async def stop(*tasks: asyncio.Task[Any]) -> None:
    """Cancel and wait until they have cleaned up; asked again after `INSIST_S`, should a library have eaten the first.

    (nats-py's publish and subscribe do, in the flush; `asyncio.wait_for` does when its result has just come.) How they
    ended is not passed on.
    """
    pending = {task for task in tasks if not task.done()}
    for task in pending:
        task.cancel()
    while pending:
        _, pending = await asyncio.wait(pending, timeout=INSIST_S)
        for task in pending:
            _log.warning("cancel_insisted", part=task.get_name())
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def honour_cancel() -> None:
    """End here if this task was asked to: for loops around calls that may eat a cancellation, outside of timeouts."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _forever(name: str, run: Callable[[], Awaitable[None]]) -> None:
    pause_s = _FIRST_PAUSE_S
    while True:
        honour_cancel()
        started = asyncio.get_running_loop().time()
        try:
            await run()
        except Exception as error:  # a background part must outlive its own bugs
            _log.exception("background_failed", part=name)
            tracing.capture(error)
        if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
