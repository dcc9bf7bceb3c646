"""A whole run: iterations in chunks on threads, months in windows, statistics as soon as a window is complete.

A window's rows exist for all iterations at once, so quantiles are exact at any size while memory stays bounded. Neither
chunks nor windows show in the result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from etter_simulation.engine.chunk import Block, Chunk, Part, Span, company_metrics, windows
from etter_simulation.engine.finish import Finisher, Result
from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.samplers import WIDTH
from etter_simulation.engine.statistics import Ints

__all__ = ["Progress", "Result", "run"]

CHUNK: Final = 256
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
    chunks: list[Chunk] = []
    for span in _spans(request.n_iterations, threads, chunk):
        chunks.append(Chunk(request, span, beside=chunks[0] if chunks else None))
    with ThreadPoolExecutor(threads) as pool:
        finisher, table = Finisher(request, request.n_iterations, pool), _Table(request)
        for months in windows(request, months_at_once):
            finisher.add(_play(pool, chunks, months, table.of(months)))
            if on_progress is not None:
                on_progress(months.last / (request.steps + 1))
        return finisher.result()


def _spans(count: int, threads: int, chunk: int) -> list[Span]:
    share = -(-count // threads)
    size = max(1, min(chunk, -(-share // WIDTH) * WIDTH))
    return [Span(first, min(first + size, count)) for first in range(0, count, size)]


class _Table:
    """Rows of one window, [month, series, iteration]; the next window's take the same memory."""

    def __init__(self, request: SimulationRequest) -> None:
        self._widths = len(request.roles) * len(ROLE_METRICS), len(company_metrics(request))
        self._iterations = request.n_iterations
        self._roles = self._company = np.empty((0, 0, 0), dtype=np.int64)

    def of(self, months: Span) -> tuple[Ints, Ints]:
        """Of roles and of the company."""
        if len(self._company) < len(months):
            self._roles, self._company = (
                np.empty((len(months), width, self._iterations), dtype=np.int64) for width in self._widths
            )
        return self._roles[: len(months)], self._company[: len(months)]


def _play(pool: ThreadPoolExecutor, chunks: list[Chunk], months: Span, rows: tuple[Ints, Ints]) -> Part:
    """The window of all chunks, which write to one table."""
    roles, company = rows

    def play(chunk: Chunk) -> None:
        place = chunk.iterations.place
        chunk.play(months, roles[:, :, place], company[:, :, place])

    if len(chunks) > 1:
        list(pool.map(play, chunks))
    else:
        play(chunks[0])
    return Part(Span(0, chunks[-1].iterations.last), months, Block(roles), Block(company))
