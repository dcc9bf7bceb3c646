"""A deadline for every request at the price of an entry in a queue.

`asyncio.timeout` asks the event loop for a timer each time, which costs more than routing a request. All requests of a
process have the same time, so their deadlines come in the order of their arrival, and one timer looks at the oldest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from etter_common.clock import monotonic

LOOK_EVERY_S: Final = 0.1
"""How late a deadline may be noticed."""


class Deadline:
    """One task's; `end` it in any case. `has_passed` tells its own cancellation from any other."""

    __slots__ = ("_due", "_task", "has_passed")

    def __init__(self, due: float, task: asyncio.Task[object]) -> None:
        self._due = due
        self._task: asyncio.Task[object] | None = task
        self.has_passed = False

    def end(self) -> None:
        """It holds no longer: the work is done, or may take as long as it likes."""
        self._task = None

    def is_over(self, now: float) -> bool:
        """Whether nothing is left to be waited for; cancels the task whose time is up."""
        if self._task is None:
            return True
        if now < self._due:
            return False
        self.has_passed = True
        self._task.cancel()
        self._task = None
        return True

    def caused(self) -> bool:
        """Whether the running task's cancellation is this deadline's alone; then it is taken back."""
        task = asyncio.current_task()
        return self.has_passed and task is not None and task.uncancel() == 0


class Deadlines:
    """All of one process, each `time_s` after its beginning."""

    def __init__(self, time_s: float) -> None:
        self._time_s = time_s
        self._queue: deque[Deadline] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """A deadline of the running task."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - requests run in tasks
        deadline = Deadline(monotonic() + self._time_s, task)
        self._queue.append(deadline)
        if self._timer is None:
            self._look_later()
        return deadline

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self._timer = None
        now = monotonic()
        while self._queue and self._queue[0].is_over(now):
            self._queue.popleft()
        if self._queue:
            self._look_later()
