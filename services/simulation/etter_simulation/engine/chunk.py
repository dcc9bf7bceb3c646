"""Section 9: a range of iterations played through a range of months, and putting such parts together.

    windows = [[...], ...]                              # by window, the parts of all ranges, in any order
    for part in play_range(request, 0, 50): ...         # a part per window, in order of months
    finish(request, map(merge, windows))                # the bytes of run(), see `finish`

A part can be stored (`to_bytes`) and made again: the same range of the same request gives the same bytes. Windows
depend on the request alone, so parts of different ranges fit; one window of all iterations is all that a merge holds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final, Protocol, TypeVar

import numpy as np

from etter_simulation.engine.bitpacking import Packed, sources_of
from etter_simulation.engine.build import counterfactual
from etter_simulation.engine.engines import Engine, model_of, unhurried_months
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, PARTS_VERSION, ROLE_METRICS
from etter_simulation.engine.money import attribute
from etter_simulation.engine.philox import new_stream
from etter_simulation.engine.replicates import REPLICATE, chance
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.series import Block, Joined, Map, Stored, Table
from etter_simulation.engine.statistics import Ints
from etter_simulation.engine.variance import chance_metrics

WINDOW_BYTES: Final = 16 * 1024 * 1024
"""Of role rows of all iterations in one window of months."""

_HEADER = struct.Struct("<6I")
_SIDES: Final = ("roles", "company")


@dataclass(frozen=True, order=True)
class Span:
    """A half-open range of iterations or of months."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def place(self) -> slice:
        return slice(self.first, self.last)


class Ranged(Protocol):
    """Something of some iterations and months."""

    @property
    def iterations(self) -> Span: ...

    @property
    def months(self) -> Span: ...


R = TypeVar("R", bound=Ranged)


@dataclass(frozen=True)
class Part:
    """What some iterations yielded in some months.

    The series of `roles` are role by role `ROLE_METRICS`; of `company` `company_metrics`.
    """

    iterations: Span
    months: Span
    roles: Table
    company: Table

    def to_bytes(self, map_: Map = map) -> bytes:
        """To be stored or sent; equal parts have equal bytes. `map_` may be an executor's."""
        roles = self.roles.packed(_OF_ROLE, map_)
        company = self.company.packed(_of_company(self.company.shape[1]), map_)
        spans = (*astuple(self.iterations), *astuple(self.months))
        head = _HEADER.pack(PARTS_VERSION, *spans, self.company.shape[1])
        return b"".join((head, *roles.buffers(), *company.buffers()))

    @classmethod
    def from_bytes(cls, stored: bytes) -> Part:
        """Raises ValueError for what another version has written. Rows are unpacked when they are read."""
        version, first, last, first_month, last_month, width = _HEADER.unpack_from(stored)
        if version != PARTS_VERSION:
            raise ValueError(f"a part of version {version}, not {PARTS_VERSION}")
        months, iterations = Span(first_month, last_month), last - first
        roles, rest = Packed.read(memoryview(stored)[_HEADER.size :], iterations, _OF_ROLE)
        company, _ = Packed.read(rest, iterations, _of_company(width))
        return cls(Span(first, last), months, Stored(len(months), roles), Stored(len(months), company))


_OF_ROLE: Final = sources_of(ROLE_METRICS)


@cache
def _of_company(width: int) -> Ints:
    """Of its first series the metrics are known; what comes behind them follows from nothing."""
    known = sources_of((COMPANY_METRICS + ATTRIBUTED_METRICS)[:width])
    return np.concatenate([known, np.full((width - len(known), 2), -1, dtype=np.int64)])


def company_metrics(request: SimulationRequest) -> tuple[str, ...]:
    """The company's series: the run's own, what is attributed if there is a counterfactual, and what chance does."""
    played = _played_metrics(request)
    return played + (chance_metrics(played) if request.uncertainty else ())


def _played_metrics(request: SimulationRequest) -> tuple[str, ...]:
    return COMPANY_METRICS + (ATTRIBUTED_METRICS if request.counterfactual else ())


def windows(request: SimulationRequest, months_at_once: int | None = None) -> Iterator[Span]:
    """The months of a run, in as many at once as fit `WINDOW_BYTES` for all iterations and take about a second."""
    month_bytes = 8 * request.n_iterations * len(request.roles) * len(ROLE_METRICS)
    at_once = months_at_once or max(1, min(WINDOW_BYTES // month_bytes, unhurried_months(request)))
    for first in range(0, request.steps + 1, at_once):
        yield Span(first, min(first + at_once, request.steps + 1))


class Chunk:
    """A range of iterations on its way through the months: the run and, if asked for, its counterfactual.

    With `uncertainty` both are played again, with the same parameters and other draws: the differences tell what chance
    does.
    """

    def __init__(self, request: SimulationRequest, iterations: Span, beside: Chunk | None = None) -> None:
        """`beside` is another chunk of the request: a model that is the same in all iterations is shared."""
        self.iterations = iterations
        self._roles = len(request.roles)
        self._stream = new_stream(request.seed_or_derived())
        self._engine: Engine
        self._models: list[Any]
        if beside is not None and not request.uncertainty:
            self._engine, self._models = beside._engine, beside._models
        else:
            self._engine, model = model_of(request, iterations.first, iterations.last)
            self._models = [model, counterfactual(request, model)] if request.counterfactual else [model]
        self._metrics = _played_metrics(request)
        replicates = 2 if request.uncertainty else 1
        self._states = [[self._engine.start(one, len(iterations)) for one in self._models] for _ in range(replicates)]

    def play(self, months: Span, roles: Ints | None = None, company: Ints | None = None) -> Part:
        """The next window. Rows are written to `roles` and `company` if these are given."""
        count, steps, width = len(self.iterations), len(months), len(self._metrics)
        if roles is None:
            roles = np.empty((steps, self._roles * len(ROLE_METRICS), count), dtype=np.int64)
        if company is None:
            more = len(chance_metrics(self._metrics)) if len(self._states) > 1 else 0
            company = np.empty((steps, width + more, count), dtype=np.int64)
        own = company[:, :width]
        self._play(0, months, roles, own)
        if len(self._states) > 1:
            again = np.empty((steps, width, count), dtype=np.int64)
            self._play(1, months, np.empty((steps, 0, count), dtype=np.int64), again)
            company[:, width:] = chance(self._metrics, own, again)
        return Part(self.iterations, months, Block(roles), Block(company))

    def _play(self, replicate: int, months: Span, roles: Ints, company: Ints) -> None:
        metrics = len(COMPANY_METRICS)
        own = company[:, :metrics]
        self._advance(replicate, 0, months, roles, own)
        if len(self._models) > 1:
            other = np.empty(own.shape, dtype=np.int64)
            self._advance(replicate, 1, months, np.empty((len(months), 0, own.shape[2]), dtype=np.int64), other)
            company[:, metrics:] = attribute(own, other)

    def _advance(self, replicate: int, side: int, months: Span, roles: Ints, company: Ints) -> None:
        first = self.iterations.first + replicate * REPLICATE
        model, state = self._models[side], self._states[replicate][side]
        self._engine.advance(model, state, self._stream, first, months.first, roles, company)


def play_range(
    request: SimulationRequest, first: int, last: int, *, months_at_once: int | None = None
) -> Iterator[Part]:
    """Iterations `first`..`last` (half-open), window by window; all that is held is the window that is being used."""
    chunk = Chunk(request, Span(first, last))
    for months in windows(request, months_at_once):
        yield chunk.play(months)


def merge(parts: Iterable[Part]) -> Part:
    """Neighbouring ranges of the same months as one; their order does not matter. Gaps and overlaps are refused."""
    ordered = in_order(parts)
    if len(ordered) == 1:
        return ordered[0]
    iterations = Span(ordered[0].iterations.first, ordered[-1].iterations.last)
    return Part(iterations, ordered[0].months, *(Joined([getattr(part, side) for part in ordered]) for side in _SIDES))


def in_order(parts: Iterable[R]) -> list[R]:
    """By iterations; raises ValueError where the next part is not the next iterations of the same months."""
    ordered = sorted(parts, key=lambda part: part.iterations)
    for one, other in pairwise(ordered):
        if one.months != other.months or one.iterations.last != other.iterations.first:
            raise ValueError(f"{one.iterations} {one.months} and {other.iterations} {other.months} do not fit")
    return ordered
