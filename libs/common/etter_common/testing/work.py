"""How much work a call does, counted and not timed: the lines of Python it runs and the C functions it calls."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple


class Work(NamedTuple):
    """`lines` of Python that ran, and how often each C function was called."""

    lines: int
    calls: Counter[str]

    @property
    def steps(self) -> int:
        return self.lines + self.calls.total()


def work_of(call: Callable[[], object]) -> Work:
    """The work of `call()`; the same call always gives the same figures."""
    calls: Counter[str] = Counter()
    lines = 0

    def on_line(_frame: FrameType, event: str, _value: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return on_line

    def on_call(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function is not sys.setprofile:
            calls[function.__qualname__] += 1

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(on_line)
    sys.setprofile(on_call)
    try:
        call()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return Work(lines, calls)
