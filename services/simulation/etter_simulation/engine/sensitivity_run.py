"""Section 10: a request evaluated all over the ranges of its parameters, and what its figures hang on.

An evaluation is the mean of the request's few iterations, with the same random numbers each time: what differs between
two evaluations is what their parameters do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from etter_simulation.engine import sensitivity
from etter_simulation.engine.evaluation import Rows, play
from etter_simulation.engine.parameters import with_values
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.sensitivity import Estimate, Floats

POINTS_AT_ONCE: Final = 8
"""That a thread evaluates before it tells how far it is."""


@dataclass(frozen=True)
class Asked:
    """`parameters` are (name, low, high), `outputs` (metric, role or None for the company)."""

    request: SimulationRequest
    method: str
    parameters: tuple[tuple[str, float, float], ...]
    outputs: tuple[tuple[str, str | None], ...]
    months: tuple[int, ...]
    size: int
    """Base sample of `sobol`, trajectories of `morris`."""


def analyse(asked: Asked, *, threads: int, on_progress: Callable[[float], None]) -> dict[str, Any]:
    """Figures by output and month, ready to be stored."""
    count = len(asked.parameters)
    seed = asked.request.seed_or_derived()
    if asked.method == "sobol":
        points = sensitivity.saltelli_points(count, asked.size, seed)
        values = evaluate(asked, points, threads, on_progress)
        found = sensitivity.sobol_indices(values, seed=seed)
        return _result(asked, values, lambda at: {"indices": _indices(asked, found, at), "effects": None})
    paths = sensitivity.trajectories(count, asked.size, seed)
    values = evaluate(asked, paths.points, threads, on_progress)
    effects = sensitivity.elementary_effects(values, paths, seed=seed)
    return _result(asked, values, lambda at: {"indices": None, "effects": _effects(asked, effects, at)})


def evaluate(asked: Asked, points: Floats, threads: int, on_progress: Callable[[float], None]) -> Floats:
    """[..., output × month] at `points` [..., parameter] of the unit cube."""
    low = np.array([one[1] for one in asked.parameters])
    high = np.array([one[2] for one in asked.parameters])
    flat = (low + points * (high - low)).reshape(-1, len(low))
    places = [slice(at, at + POINTS_AT_ONCE) for at in range(0, len(flat), POINTS_AT_ONCE)]
    values = np.empty((len(flat), len(asked.outputs) * len(asked.months)))

    def part(place: slice) -> None:
        values[place] = [_evaluate_one(asked, point) for point in flat[place]]

    with ThreadPoolExecutor(threads) as pool:
        try:
            for done, _ in enumerate(pool.map(part, places), 1):
                on_progress(done / len(places))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return values.reshape(*points.shape[:-1], -1)


def _evaluate_one(asked: Asked, point: Floats) -> Floats:
    names = (name for name, _, _ in asked.parameters)
    request = with_values(asked.request, dict(zip(names, point.tolist(), strict=True)))
    rows = play(
        request, 0, request.n_iterations,
        with_roles=any(role is not None for _, role in asked.outputs),
        attributed=any(metric.startswith("attributed_") for metric, _ in asked.outputs),
    )  # fmt: skip
    months = list(asked.months)
    return np.concatenate([_mean(_output(request, rows, *output)[months]) for output in asked.outputs])


def _output(request: SimulationRequest, rows: Rows, metric: str, role: str | None) -> Floats:
    if role is None:
        return rows.of_company(metric)
    return rows.of_role([one.role for one in request.roles].index(role), metric)


def _mean(values: Floats) -> Floats:
    """Over the iterations that have a value."""
    count = np.isfinite(values).sum(axis=1)
    mean: Floats = np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)
    return mean


def _result(asked: Asked, values: Floats, figures: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    flat, outputs = values.reshape(-1, values.shape[-1]), []
    for place, (metric, role) in enumerate(asked.outputs):
        at_months = []
        for at, month in enumerate(asked.months, place * len(asked.months)):
            column = flat[:, at]
            spread = {"mean": _number(column.mean()), "low": _number(column.min()), "high": _number(column.max())}
            at_months.append({"month": month, **spread, **figures(at)})
        outputs.append({"metric": metric, "role": role, "at": at_months})
    return {"engine": "cohort", "outputs": outputs}


def _indices(asked: Asked, found: sensitivity.SobolIndices, at: int) -> list[dict[str, Any]]:
    return [
        {"parameter": name, "first": _interval(found.first, i, at), "total": _interval(found.total, i, at)}
        for i, (name, _, _) in enumerate(asked.parameters)
    ]


def _effects(asked: Asked, found: sensitivity.ElementaryEffects, at: int) -> list[dict[str, Any]]:
    return [
        {
            "parameter": name,
            "mean": _number(found.mean[i, at]),
            "mean_size": _interval(found.mean_size, i, at),
            "deviation": _number(found.deviation[i, at]),
        }
        for i, (name, _, _) in enumerate(asked.parameters)
    ]


def _interval(estimate: Estimate, parameter: int, at: int) -> dict[str, float | None]:
    return {name: _number(getattr(estimate, name)[parameter, at]) for name in ("value", "low", "high")}


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
