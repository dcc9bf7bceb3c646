"""A whole run: iterations in chunks on threads, months in windows, statistics as soon as a window is complete.

A window's rows exist for all iterations at once, so quantiles are exact at any size while memory stays bounded. Neither
chunks nor windows show in the result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final

import numpy as np

from etter_simulation.engine.chunk import Chunk, Part, Span, company_metrics, windows
from etter_simulation.engine.finish import Finisher, Result
from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.samplers import WIDTH
from etter_simulation.engine.series import Block
from etter_simulation.engine.statistics import Ints

__all__ = ["Player", "Progress", "Result", "run"]

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
    iterations = Span(0, request.n_iterations)
    with ThreadPoolExecutor(threads) as pool:
        player = Player(request, iterations, threads=threads, chunk=chunk)
        finisher = Finisher(request, len(iterations), pool)
        for months in windows(request, months_at_once):
            finisher.add(player.play(months, pool))
            if on_progress is not None:
                on_progress(months.last / (request.steps + 1))
        return finisher.result()


class Player:
    """A range of iterations on its way through the windows, on threads."""

    def __init__(self, request: SimulationRequest, iterations: Span, *, threads: int, chunk: int = CHUNK) -> None:
        self._iterations, self._table = iterations, _Table(request, len(iterations))
        self._chunks: list[Chunk] = []
        for span in _spans(iterations, threads, chunk):
            self._chunks.append(Chunk(request, span, beside=self._chunks[0] if self._chunks else None))

    def play(self, months: Span, pool: Executor) -> Part:
        """The next window; its rows are gone when the one after it is played."""
        roles, company = self._table.of(months)

        def play(chunk: Chunk) -> None:
            first = self._iterations.first
            place = slice(chunk.iterations.first - first, chunk.iterations.last - first)
            chunk.play(months, roles[:, :, place], company[:, :, place])

        if len(self._chunks) > 1:
            list(pool.map(play, self._chunks))
        else:
            play(self._chunks[0])
        return Part(self._iterations, months, Block(roles), Block(company))


def _spans(iterations: Span, threads: int, chunk: int) -> list[Span]:
    share = -(-len(iterations) // threads)
    size = max(1, min(chunk, -(-share // WIDTH) * WIDTH))
    return [Span(first, min(first + size, iterations.last)) for first in range(iterations.first, iterations.last, size)]


class _Table:
    """Rows of one window, [month, series, iteration]; the next window's take the same memory."""

    def __init__(self, request: SimulationRequest, iterations: int) -> None:
        self._widths = len(request.roles) * len(ROLE_METRICS), len(company_metrics(request))
        self._iterations = iterations
        self._roles = self._company = np.empty((0, 0, 0), dtype=np.int64)

    def of(self, months: Span) -> tuple[Ints, Ints]:
        """Of roles and of the company."""
        if len(self._company) < len(months):
            self._roles, self._company = (
                np.empty((len(months), width, self._iterations), dtype=np.int64) for width in self._widths
            )
        return self._roles[: len(months)], self._company[: len(months)]
