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

RANGE = 64
"""Iterations a worker takes at once."""


def play_part(request: SimulationRequest, first: int, last: int) -> tuple[list[bytes], float, float]:
    """In a worker: the range's parts by window, as they are sent; CPU seconds of all, and of packing them."""
    began, packing, packed = time.process_time(), 0.0, []
    for part in play_range(request, first, last):
        at = time.process_time()
        packed.append(part.to_bytes())
        packing += time.process_time() - at
    return packed, time.process_time() - began, packing


@dataclass(frozen=True)
class Workers:
    pool: ProcessPoolExecutor

    def run(self, request: SimulationRequest) -> tuple[Result, float, float]:
        """The result of `engine.run.run`, and of all workers together the CPU seconds, and those of packing."""
        count = request.n_iterations
        sent = [
            self.pool.submit(play_part, request, first, min(first + RANGE, count)) for first in range(0, count, RANGE)
        ]
        played = [one.result() for one in sent]
        by_window = zip(*(parts for parts, _, _ in played), strict=True)
        merged = (merge(Part.from_bytes(part) for part in parts) for parts in by_window)
        return finish(request, merged), sum(one[1] for one in played), sum(one[2] for one in played)


@contextmanager
def workers(count: int) -> Generator[Workers]:
    """So many fresh processes, ready to play."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=warm) as pool:
        yield Workers(pool)
