"""A run shared out over worker processes, its parts merged here: what a run gains from more of them."""

from __future__ import annotations

import time
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from etter_simulation.engine.chunk import Part, merge, play_range
from etter_simulation.engine.finish import Result, finish
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.warm import warm

RANGE = 25
"""Iterations a worker takes at once."""


def play_part(request: SimulationRequest, first: int, last: int) -> tuple[list[bytes], float]:
    """In a worker: the range's parts by window, as they are sent, and the CPU seconds they took."""
    cpu = time.process_time()
    return [part.to_bytes() for part in play_range(request, first, last)], time.process_time() - cpu


@dataclass(frozen=True)
class Workers:
    pool: ProcessPoolExecutor

    def run(self, request: SimulationRequest) -> tuple[Result, float]:
        """The result of `engine.run.run`, and the CPU seconds of all workers together."""
        count = request.n_iterations
        sent = [
            self.pool.submit(play_part, request, first, min(first + RANGE, count)) for first in range(0, count, RANGE)
        ]
        played = [one.result() for one in sent]
        by_window = zip(*(parts for parts, _ in played), strict=True)
        merged = (merge(Part.from_bytes(part) for part in parts) for parts in by_window)
        return finish(request, merged), sum(cpu for _, cpu in played)


@contextmanager
def workers(count: int) -> Generator[Workers]:
    """So many fresh processes, ready to play."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=warm) as pool:
        yield Workers(pool)
