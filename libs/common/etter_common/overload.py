"""How much one process works on at a time, and what happens to the rest: a short queue, then a clear refusal.

Work that is let in is finished in bounded time whatever the load: at most `concurrency` requests run, at most `queue`
wait and none longer than `wait_s`, neither for a place nor for the event loop; everything past that is refused at once
with `Retry-After`, which costs a fraction of an answer. One caller cannot take all the places.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from etter_common import metrics
from etter_common.clock import monotonic
from etter_common.errors import AppError, Overloaded, TooManyAtOnce

RETRY_AFTER_S: Final = 1
_SWEEP_S: Final = 0.05


def _overloaded() -> AppError:
    return Overloaded(retry_after_s=RETRY_AFTER_S)


class Gate:
    """Places to work in. Whoever `enter`s must `leave`; waiting is first come, first served.

    A service has one for all requests, and may have another for one costly kind of work: `name` goes before the cause
    in the metric of refusals, `error` makes the error that a refused request gets.
    """

    def __init__(
        self, *, concurrency: int, queue: int, wait_s: float, per_caller: int = sys.maxsize, name: str = "",
        error: Callable[[], AppError] = _overloaded,
    ) -> None:  # fmt: skip
        self._concurrency = concurrency
        self._queue = queue
        self._wait_s = wait_s
        self._per_caller = per_caller
        self._prefix = f"{name}_" if name else ""
        self._error = error
        self._inside = 0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._sweeping: asyncio.TimerHandle | None = None
        self._callers: dict[str, int] = {}

    @property
    def inside(self) -> int:
        return self._inside

    def enter_now(self) -> bool:
        """Take a place if one is free and nobody waits for it."""
        if self._inside < self._concurrency and not self._waiting:
            self._inside += 1
            return True
        return False

    async def enter(self) -> None:
        """Take a place, waiting for it; raises the gate's error when the queue is full or the wait too long."""
        if self.enter_now():
            return
        if len(self._waiting) >= self._queue:
            self._refuse("queue_full")
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((monotonic() + self._wait_s, place))
        self._sweep_later()
        metrics.HTTP_WAITING.inc()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave()  # the place was given in the same moment
            raise
        finally:
            metrics.HTTP_WAITING.dec()

    def leave(self) -> None:
        """Give the place to the next one who still waits."""
        self._inside -= 1
        while self._waiting and self._inside < self._concurrency:
            until, place = self._waiting.popleft()
            if place.done():
                continue
            if until < monotonic():
                self._refuse("waited_too_long", place)
                continue
            self._inside += 1
            place.set_result(None)

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[None]:
        """A place for the time of the block."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()

    def refuse_late(self, arrived: float) -> None:
        """Raise `Overloaded` for a request that has waited too long in the event loop already.

        Work that does not wait is never seen inside by anybody: its queue is the loop's own.
        """
        if monotonic() - arrived > self._wait_s:
            self._refuse("loop_too_slow")

    def hold(self, caller: str) -> None:
        """Count a request of `caller`; raises `TooManyAtOnce`. Ended by `let_go`."""
        count = self._callers.get(caller, 0)
        if count >= self._per_caller:
            metrics.HTTP_SHED.labels("caller").inc()
            raise TooManyAtOnce(f"at most {self._per_caller} at once", headers={"Retry-After": str(RETRY_AFTER_S)})
        self._callers[caller] = count + 1

    def let_go(self, caller: str) -> None:
        count = self._callers.get(caller, 1) - 1
        if count:
            self._callers[caller] = count
        else:
            self._callers.pop(caller, None)

    def _refuse(self, cause: str, place: asyncio.Future[None] | None = None) -> None:
        metrics.HTTP_SHED.labels(self._prefix + cause).inc()
        error = self._error()
        if place is None:
            raise error
        place.set_exception(error)

    def _sweep_later(self) -> None:
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        """Refuse those whose time is up although no place became free."""
        self._sweeping = None
        now = monotonic()
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] < now):
            place = self._waiting.popleft()[1]
            if not place.done():
                self._refuse("waited_too_long", place)
        if self._waiting:
            self._sweep_later()


class Place:
    """One request's place; it may be left and taken again, and leaving it twice does nothing."""

    __slots__ = ("_gate", "_is_held")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._is_held = gate.enter_now()

    async def take(self) -> None:
        if not self._is_held:
            await self._gate.enter()
            self._is_held = True

    def leave(self) -> None:
        if self._is_held:
            self._is_held = False
            self._gate.leave()
