"""What is told while it runs: each step with its time, and the figures."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class CheckFailed(Exception):
    """Something that must hold does not."""


class Transcript:
    def __init__(self) -> None:
        self._began = time.monotonic()
        self._steps: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        self._line(f"== {name}")
        try:
            yield
        except BaseException:
            self._line(f"!! {name} failed after {time.monotonic() - began:.1f} s")
            raise
        self._steps.append((name, time.monotonic() - began))
        self._line(f"   done in {time.monotonic() - began:.1f} s")

    def say(self, text: str) -> None:
        for line in text.splitlines():
            self._line(f"   {line}")

    def close(self) -> None:
        self._line("== seconds by step")
        for name, seconds in self._steps:
            self._line(f"   {seconds:7.1f}  {name}")

    def _line(self, text: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._began:6.1f}] {text}\n")
        sys.stdout.flush()


def expect(holds: object, what: str) -> None:
    if not holds:
        raise CheckFailed(what)
