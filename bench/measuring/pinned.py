"""One part of the running platform alone on a core, all others and the load on the rest; what it uses there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from etter_devstack.state import Home

CORE = 0
REST = set(range(1, os.cpu_count() or 1)) or {0}


@dataclass(frozen=True)
class Part:
    """`name` as in the stack."""

    name: str
    process: psutil.Process

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_s(self) -> float:
        """Of the process and its children, also of those that have ended."""
        total = 0.0
        for one in self.family():
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system
        ended = self.process.cpu_times()
        return total + ended.children_user + ended.children_system

    def memory_mb(self) -> float:
        total = 0
        for one in self.family():
            with suppress(psutil.NoSuchProcess):
                total += one.memory_full_info().pss  # shared pages counted once
        return total / 1024 / 1024

    def connections_to(self, port: int) -> int:
        return sum(
            bool(one.raddr) and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
            for one in self.process.net_connections("tcp")
        )


def parts(home: Home) -> dict[str, Part]:
    state = home.running()
    if state is None:
        raise SystemExit("the stack does not run")
    return {name: Part(name, psutil.Process(part.pid)) for name, part in state.parts.items()}


@contextmanager
def alone(part: Part, others: Iterable[Part]) -> Iterator[None]:
    """`part` on the first core for the time of the block."""
    os.sched_setaffinity(0, REST)
    for other in others:
        _pin(other, {CORE} if other is part else REST)
    yield


def _pin(part: Part, cores: set[int]) -> None:
    """Every thread: the system counts cores by thread, and a new one has those of its maker."""
    for process in part.family():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            for thread in process.threads():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(thread.id, cores)
