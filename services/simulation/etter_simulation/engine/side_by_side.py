"""Several requests played on the same random numbers, month window by month window: the company's rows alone.

What counterfactuals have in common is played once. Role numbers can be given, so that a role draws the same numbers in
every request, wherever it stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from etter_simulation.engine.build import without_automation
from etter_simulation.engine.engines import Engine, model_of, unhurried_months
from etter_simulation.engine.metrics import COMPANY_METRICS
from etter_simulation.engine.money import attribute
from etter_simulation.engine.philox import new_stream
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.statistics import Ints

WINDOW_BYTES: Final = 8 * 1024 * 1024
CHUNK: Final = 125
"""Iterations a thread takes at once."""


@dataclass(frozen=True)
class Rows:
    """Months of one request: `run` [month, company metric, iteration], `attributed` [month, attributed metric, ...]."""

    first_month: int
    run: Ints
    attributed: Ints


@dataclass(frozen=True)
class _Side:
    """By chunk the engine, the model and the state."""

    chunks: tuple[tuple[Engine, Any, Any], ...]


@dataclass(frozen=True)
class _Table:
    seed: int
    iterations: int
    steps: int
    chunks: tuple[tuple[int, int], ...]
    months_at_once: int


def play(
    requests: Sequence[SimulationRequest],
    *,
    threads: int = 1,
    role_numbers: Sequence[Sequence[int]] | None = None,
    months_at_once: int | None = None,
) -> Iterator[tuple[Rows, ...]]:
    """The rows of all requests, a window of months at a time. They have one seed, and as many iterations and steps.

    Every request is attributed against its own counterfactual, whether it asks for one or not.
    """
    table = _table(requests, threads, months_at_once)
    sides, against = _sides(requests, table, role_numbers)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, table.steps + 1, table.months_at_once):
            last = min(first + table.months_at_once, table.steps + 1)
            played = [_play(pool, table, side, first, last) for side in sides]
            yield tuple(
                Rows(first, played[at], attribute(played[at], played[other])) for at, other in enumerate(against)
            )


def common_role_numbers(requests: Sequence[SimulationRequest]) -> list[list[int]]:
    """For each request its roles' numbers, by name: a role of several requests has the same number in all."""
    numbers: dict[str, int] = {}
    return [[numbers.setdefault(role.role, len(numbers)) for role in request.roles] for request in requests]


def _table(requests: Sequence[SimulationRequest], threads: int, months_at_once: int | None) -> _Table:
    common = {(request.seed_or_derived(), request.n_iterations, request.steps) for request in requests}
    if len(common) != 1:
        raise ValueError("played side by side they need one seed, one number of iterations and one of steps")
    ((seed, count, steps),) = common
    size = max(1, min(CHUNK, -(-count // threads)))
    chunks = tuple((first, min(first + size, count)) for first in range(0, count, size))
    month_bytes = 8 * count * len(COMPANY_METRICS) * 3 * len(requests)
    unhurried = min(unhurried_months(request) for request in requests)
    return _Table(seed, count, steps, chunks, months_at_once or max(1, min(WINDOW_BYTES // month_bytes, unhurried)))


def _sides(
    requests: Sequence[SimulationRequest], table: _Table, role_numbers: Sequence[Sequence[int]] | None
) -> tuple[list[_Side], list[int]]:
    """The runs, then the counterfactuals that differ; and for each run the place of its counterfactual."""
    numbers = role_numbers or [range(len(request.roles)) for request in requests]
    sides = [_side(request, table, own) for request, own in zip(requests, numbers, strict=True)]
    places: dict[tuple[str, tuple[int, ...]], int] = {}
    against = []
    for request, own in zip(requests, numbers, strict=True):
        other = without_automation(request)
        key = (other.fingerprint(), tuple(own))
        if key not in places:
            places[key] = len(sides)
            sides.append(_side(other, table, own))
        against.append(places[key])
    return sides, against


def _side(request: SimulationRequest, table: _Table, role_numbers: Sequence[int]) -> _Side:
    seeded = request.model_copy(update={"seed": table.seed})
    chunks: list[tuple[Engine, Any, Any]] = []
    for first, last in table.chunks:
        if request.uncertainty or not chunks:
            engine, model = model_of(seeded, first, last)
            model.roles["index"] = role_numbers
        chunks.append((engine, model, engine.start(model, last - first)))
    return _Side(tuple(chunks))


def _play(pool: ThreadPoolExecutor, table: _Table, side: _Side, first: int, last: int) -> Ints:
    company = np.empty((last - first, len(COMPANY_METRICS), table.iterations), dtype=np.int64)
    nothing = np.empty((last - first, 0, table.iterations), dtype=np.int64)

    def advance_chunk(at: int) -> None:
        begin, end = table.chunks[at]
        engine, model, state = side.chunks[at]
        engine.advance(
            model, state, new_stream(table.seed), begin, first,
            nothing[:, :, begin:end], company[:, :, begin:end],
        )  # fmt: skip

    list(pool.map(advance_chunk, range(len(table.chunks))))
    return company
