"""From complete windows of months to the result of a run."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from etter_simulation.engine.bridge import bridge
from etter_simulation.engine.build import MINOR_UNITS
from etter_simulation.engine.chunk import Part, Span, company_metrics
from etter_simulation.engine.metrics import COMPANY_METRICS, FRACTIONS, MONEY, ROLE_METRICS, STATS
from etter_simulation.engine.money import Ledger
from etter_simulation.engine.outputs import FRACTION
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.series import Block, Table
from etter_simulation.engine.sketch import Sketch, SketchedPart
from etter_simulation.engine.statistics import Floats, Ints

PART_VALUES: Final = 100_000
"""Values that one thread describes at once: they fit the processor's second cache."""


@dataclass(frozen=True)
class Result:
    """Statistics in the units of section 5: `company` [metric, stat, month], `roles` [role, metric, stat, month]."""

    company_metrics: tuple[str, ...]
    company: Floats
    roles: Floats
    summary: dict[str, object]


class Finisher:
    """Takes windows in order of months, each with all iterations, and says what they mean together."""

    def __init__(self, request: SimulationRequest, iterations: int, pool: Executor) -> None:
        self._request, self._pool = request, pool
        self._metrics = company_metrics(request)
        self._scales = scales(self._metrics), np.tile(scales(ROLE_METRICS), len(request.roles))
        self._ledger = Ledger.opened(iterations, request.steps, request.costs.discount_rate)
        self._known = 0
        self._company, self._roles = (np.empty((request.steps + 1, len(one), len(STATS))) for one in self._scales)

    def add(self, part: Part | SketchedPart) -> None:
        """The next window."""
        if part.months.first != self._known or part.iterations != Span(0, len(self._ledger.spent)):
            raise ValueError(f"{part.iterations} {part.months} is not the window from month {self._known} on")
        company = Block(part.company.rows)
        self._enter(part.months, company.rows)
        for kept, table, scale in zip((self._company, self._roles), (company, part.roles), self._scales, strict=True):
            found = _describe(self._pool, table, np.tile(scale, len(part.months)), len(part.iterations))
            kept[part.months.place] = found.reshape(len(part.months), -1, len(STATS))
        self._known = part.months.last

    def _enter(self, months: Span, rows: Ints) -> None:
        prefix = "attributed_" if self._request.counterfactual else ""
        places = [self._metrics.index(prefix + metric) for metric in ("run_rate_saving", "one_off", "cum_net")]
        self._ledger.enter(months.first, rows[:, : len(COMPANY_METRICS)], rows[:, places])

    def result(self) -> Result:
        months = self._request.steps + 1
        if self._known != months:
            raise ValueError(f"{self._known} of {months} months")
        by_role = self._roles.reshape(months, -1, len(ROLE_METRICS), len(STATS))
        summary = {**self._ledger.summary(), "at_end": bridge(self._metrics, self._company[-1, :, 0])}
        return Result(self._metrics, self._company.transpose(1, 2, 0), by_role.transpose(1, 2, 3, 0), summary)


def finish(request: SimulationRequest, windows: Iterable[Part | SketchedPart], *, threads: int = 1) -> Result:
    """The result of complete windows in order of months: for all iterations of the request, the bytes of `run`.

    Iterations must be 0..n; n may be less than the request's, the result is then that of the first n.
    """
    finisher = None
    with ThreadPoolExecutor(threads) as pool:
        for part in windows:
            finisher = finisher or Finisher(request, len(part.iterations), pool)
            finisher.add(part)
        if finisher is None:
            raise ValueError("no windows")
        return finisher.result()


def scales(metrics: tuple[str, ...]) -> Floats:
    """What one unit of each metric is kept as."""
    names = [metric.removeprefix("chance_").removeprefix("attributed_") for metric in metrics]
    return np.array([FRACTION if name in FRACTIONS else MINOR_UNITS if name in MONEY else 1.0 for name in names])


def _describe(pool: Executor, table: Table | Sketch, scale: Floats, iterations: int) -> Floats:
    """[month and series, stat]; large tables are described in parts side by side, whole roles in each."""
    size = max(1, PART_VALUES // iterations // len(ROLE_METRICS)) * len(ROLE_METRICS)
    parts = [slice(first, min(first + size, len(scale))) for first in range(0, len(scale), size)]

    def part(place: slice) -> Floats:
        return table.describe(place, scale[place])

    return np.concatenate(list(pool.map(part, parts)) if len(parts) > 1 else [part(place) for place in parts])
