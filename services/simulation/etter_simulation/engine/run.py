"""A whole run: iterations in chunks on threads, months in windows, statistics as soon as a window is complete.

A window's rows exist for all iterations at once, so quantiles are exact at any size while memory stays bounded. Neither
chunks nor windows show in the result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Final

import numpy as np

from etter_simulation.engine.chunk import Block, Chunk, Part, Span, company_metrics, windows
from etter_simulation.engine.finish import Finisher, Result
from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.statistics import Tally

__all__ = ["Progress", "Result", "run"]

CHUNK: Final = 125
"""Iterations a thread takes at once; fewer when there are more threads than that gives work for."""

Progress = Callable[[float], None]


def run(
    request: SimulationRequest,
    *,
    threads: int = 1,
    chunk: int = CHUNK,
    months_at_once: int | None = None,
    on_progress: Progress | None = None,
) -> Result:
    """Play the request. The result depends on the request alone, never on `threads`, `chunk` or `months_at_once`.

    `on_progress` hears the finished share after every window; what it raises ends the run.
    """
    chunks = [Chunk(request, span) for span in _spans(request.n_iterations, threads, chunk)]
    with ThreadPoolExecutor(threads) as pool:
        finisher = Finisher(request, request.n_iterations, pool)
        for months in windows(request, months_at_once):
            finisher.add(_play(pool, request, chunks, months))
            if on_progress is not None:
                on_progress(months.last / (request.steps + 1))
        return finisher.result()


def _spans(count: int, threads: int, chunk: int) -> list[Span]:
    size = max(1, min(chunk, -(-count // threads)))
    return [Span(first, min(first + size, count)) for first in range(0, count, size)]


def _play(pool: ThreadPoolExecutor, request: SimulationRequest, chunks: list[Chunk], months: Span) -> Part:
    """The window of all chunks, which write to one table."""
    count = request.n_iterations
    roles = np.empty((len(months), len(request.roles) * len(ROLE_METRICS), count), dtype=np.int64)
    company = np.empty((len(months), len(company_metrics(request)), count), dtype=np.int64)

    def play(chunk: Chunk) -> tuple[Tally, Tally]:
        place = chunk.iterations.place
        part = chunk.play(months, roles[:, :, place], company[:, :, place])
        return part.roles.sums, part.company.sums

    found = list(pool.map(play, chunks)) if len(chunks) > 1 else [play(chunks[0])]
    sums = [reduce(Tally.merged, one) for one in zip(*found, strict=True)]
    return Part(Span(0, count), months, Block(roles, sums[0]), Block(company, sums[1]))
