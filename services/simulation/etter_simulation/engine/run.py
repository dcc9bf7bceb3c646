"""A whole run: iterations in chunks on threads, months in windows, statistics as soon as a window is complete.

A window is as many months as fit `ROWS_BYTES`; its rows exist for all iterations at once, so quantiles are exact at any
size while memory stays bounded. Neither chunks nor windows show in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from etter_simulation.engine.build import MINOR_UNITS, build, without_automation
from etter_simulation.engine.cohort import advance
from etter_simulation.engine.metrics import (
    ATTRIBUTED,
    ATTRIBUTED_METRICS,
    COMPANY_METRICS,
    FRACTIONS,
    MONEY,
    ROLE_METRICS,
    STATS,
)
from etter_simulation.engine.money import Ledger, attribute, bridge
from etter_simulation.engine.outputs import FRACTION
from etter_simulation.engine.philox import new_stream
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.statistics import Floats, Ints, Tally, describe, tally
from etter_simulation.engine.tables import Model, State, start

ROWS_BYTES: Final = 16 * 1024 * 1024
CHUNK: Final = 125
"""Iterations a thread takes at once; fewer when there are more threads than that gives work for."""

PART_VALUES: Final = 500_000
"""Values that one thread sorts at once."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Result:
    """Statistics in the units of section 5: `company` [metric, stat, month], `roles` [role, metric, stat, month]."""

    company_metrics: tuple[str, ...]
    company: Floats
    roles: Floats
    summary: dict[str, object]


@dataclass(frozen=True)
class _Span:
    first: int
    last: int


@dataclass(frozen=True)
class _Side:
    """One model being played: the run itself, or its counterfactual (which needs no rows of roles)."""

    model: Model
    states: tuple[State, ...]
    detailed: bool


@dataclass(frozen=True)
class _Plan:
    seed: int
    iterations: int
    steps: int
    roles: int
    chunks: tuple[_Span, ...]
    months_at_once: int

    def windows(self) -> Iterator[_Span]:
        for first in range(0, self.steps + 1, self.months_at_once):
            yield _Span(first, min(first + self.months_at_once, self.steps + 1))


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
    plan = _plan(request, threads, chunk, months_at_once)
    sides = [_side(request, plan, detailed=True)]
    if request.counterfactual:
        sides.append(_side(without_automation(request), plan, detailed=False))
    ledger = Ledger.opened(plan.iterations, plan.steps, request.costs.discount_rate)
    parts = []
    with ThreadPoolExecutor(threads) as pool:
        for window in plan.windows():
            parts.append(_play_window(pool, plan, sides, window, ledger))
            if on_progress is not None:
                on_progress(window.last / (plan.steps + 1))
    company = np.concatenate([part[0] for part in parts])
    roles = np.concatenate([part[1] for part in parts])
    metrics = COMPANY_METRICS + (ATTRIBUTED_METRICS if request.counterfactual else ())
    by_role = roles.reshape(plan.steps + 1, plan.roles, len(ROLE_METRICS), len(STATS))
    summary = {**ledger.summary(), "at_end": bridge(metrics, company[-1, :, 0])}
    return Result(metrics, company.transpose(1, 2, 0), by_role.transpose(1, 2, 3, 0), summary)


def _plan(request: SimulationRequest, threads: int, chunk: int, months_at_once: int | None) -> _Plan:
    count = request.n_iterations
    size = max(1, min(chunk, -(-count // threads)))
    spans = tuple(_Span(first, min(first + size, count)) for first in range(0, count, size))
    month_bytes = 8 * count * len(request.roles) * len(ROLE_METRICS)
    at_once = months_at_once or max(1, ROWS_BYTES // month_bytes)
    return _Plan(request.seed_or_derived(), count, request.steps, len(request.roles), spans, at_once)


def _side(request: SimulationRequest, plan: _Plan, *, detailed: bool) -> _Side:
    model = build(request)
    return _Side(model, tuple(start(model, span.last - span.first) for span in plan.chunks), detailed)


def play_chunk(
    model: Model, state: State, seed: int, first_iteration: int, *, first_step: int, roles: Ints, company: Ints
) -> tuple[Tally, Tally]:
    """Play one chunk of iterations on through the months of `roles` and `company`, and tally their rows."""
    advance(model, state, new_stream(seed), first_iteration, first_step, roles, company)
    return tally(roles.reshape(-1, roles.shape[-1])), tally(company.reshape(-1, company.shape[-1]))


def _play_window(
    pool: ThreadPoolExecutor, plan: _Plan, sides: list[_Side], window: _Span, ledger: Ledger
) -> tuple[Floats, Floats]:
    months = window.last - window.first
    played = [_play_side(pool, plan, side, window) for side in sides]
    roles, company, role_sums, company_sums = played[0]
    extra = attribute(company, played[1][1]) if len(played) > 1 else None
    _enter(ledger, window, company, extra)
    described_roles = _describe_rows(pool, roles, role_sums, np.tile(scales(ROLE_METRICS), plan.roles))
    described = _describe_rows(pool, company, company_sums, scales(COMPANY_METRICS))
    if extra is not None:
        sums = tally(extra.reshape(-1, plan.iterations))
        described = np.concatenate([described, _describe_rows(pool, extra, sums, scales(ATTRIBUTED_METRICS))], axis=1)
    return described.reshape(months, -1, len(STATS)), described_roles


def _play_side(pool: ThreadPoolExecutor, plan: _Plan, side: _Side, window: _Span) -> tuple[Ints, Ints, Tally, Tally]:
    months = window.last - window.first
    width = plan.roles * len(ROLE_METRICS) if side.detailed else 0
    roles = np.empty((months, width, plan.iterations), dtype=np.int64)
    company = np.empty((months, len(COMPANY_METRICS), plan.iterations), dtype=np.int64)

    def play(at: int) -> tuple[Tally, Tally]:
        span = plan.chunks[at]
        part = slice(span.first, span.last)
        return play_chunk(
            side.model, side.states[at], plan.seed, span.first,
            first_step=window.first, roles=roles[:, :, part], company=company[:, :, part],
        )  # fmt: skip

    chunks = range(len(plan.chunks))
    tallies = list(pool.map(play, chunks)) if len(chunks) > 1 else [play(0)]
    role_sums = reduce(Tally.merged, (found[0] for found in tallies))
    return roles, company, role_sums, reduce(Tally.merged, (found[1] for found in tallies))


def _enter(ledger: Ledger, window: _Span, company: Ints, extra: Ints | None) -> None:
    source, names = (company, COMPANY_METRICS) if extra is None else (extra, ATTRIBUTED)
    places = [names.index(metric) for metric in ("run_rate_saving", "one_off", "cum_net")]
    ledger.enter(window.first, company, source[:, places])


def scales(metrics: tuple[str, ...]) -> Floats:
    """What one unit of each metric is kept as."""
    names = [metric.removeprefix("attributed_") for metric in metrics]
    return np.array([FRACTION if name in FRACTIONS else MINOR_UNITS if name in MONEY else 1.0 for name in names])


def _describe_rows(pool: ThreadPoolExecutor, rows: Ints, sums: Tally, scale: Floats) -> Floats:
    """[month, series, stat]; large tables are described in parts side by side."""
    months, width, iterations = rows.shape
    flat, every_scale = rows.reshape(-1, iterations), np.tile(scale, months)
    size = max(1, PART_VALUES // iterations)
    parts = [slice(first, first + size) for first in range(0, len(flat), size)]

    def part(place: slice) -> Floats:
        own = Tally(sums.n[place], sums.total[place], sums.squares[place], sums.low[place], sums.high[place])
        return describe(flat[place], own, every_scale[place])

    found = list(pool.map(part, parts)) if len(parts) > 1 else [part(place) for place in parts]
    return np.concatenate(found).reshape(months, width, len(STATS))
