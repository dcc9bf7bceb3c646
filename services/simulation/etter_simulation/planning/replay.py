"""What a plan leads to: the request with and without it, played by the cohort engine on the same random numbers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from etter_simulation.engine.evaluation import Rows, play, spans
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.statistics import Floats

CHUNK: Final = 50
"""Iterations a thread takes at once; fewer where their roles would not fit."""

AT_END: Final = {
    "heads": "people", "released_fte": "FTE", "realised_fte": "FTE", "cum_one_off": "currency", "cum_net": "currency",
}  # fmt: skip
IN_ALL: Final = {"hires": "people", "quits": "people", "laid_off": "people", "moved_in": "people"}
FREED_VALUE: Final = "freed_value"
"""Freed time of all months at what its role is paid, employer's share included, less licences and one-off costs."""

Progress = Callable[[float], None]
Figures = dict[str, Floats]
"""[iteration] by name: company figures in the last month, flows of all months."""


def replay(
    plan: SimulationRequest,
    without: SimulationRequest,
    *,
    threads: int,
    with_freed_value: bool = False,
    on_progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """For each figure its mean and quantiles with the plan, without it, and of the difference, by iteration."""
    chunks = _chunks(plan)
    jobs = [(request, chunk) for request in (plan, without) for chunk in chunks]

    def part(job: tuple[SimulationRequest, range]) -> Figures:
        return figures(job[0], job[1], with_freed_value=with_freed_value)

    found: list[Figures] = []
    with ThreadPoolExecutor(threads) as pool:
        try:
            for figure in pool.map(part, jobs):
                found.append(figure)
                if on_progress is not None:
                    on_progress(len(found) / len(jobs))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    one, other = _joined(found[: len(chunks)]), _joined(found[len(chunks) :])
    units = {**AT_END, **IN_ALL, FREED_VALUE: "currency"}
    return [
        {
            "figure": name,
            "unit": units[name],
            "plan": spread(one[name]),
            "without": spread(other[name]),
            "difference": spread(one[name] - other[name]),
        }
        for name in one
    ]


def figures(request: SimulationRequest, iterations: range, *, with_freed_value: bool) -> Figures:
    rows = play(request, iterations.start, iterations.stop, with_roles=with_freed_value)
    found = {name: rows.of_company(name)[-1] for name in AT_END}
    found |= {name: rows.of_company(name).sum(axis=0) for name in IN_ALL}
    if with_freed_value:
        found[FREED_VALUE] = _freed_value(request, rows)
    return found


def _freed_value(request: SimulationRequest, rows: Rows) -> Floats:
    monthly = np.array([role.salary for role in request.roles]) / 12 * (1 + request.costs.on_cost)
    freed = np.einsum("mri,r->i", rows.of_roles("released_fte")[1:], monthly)
    value: Floats = freed - rows.of_company("licences")[1:].sum(axis=0) - rows.of_company("cum_one_off")[-1]
    return value


def _chunks(request: SimulationRequest) -> list[range]:
    fitting = spans(request, 0, request.n_iterations)
    size = min(CHUNK, len(fitting[0]))
    return [range(at, min(at + size, request.n_iterations)) for at in range(0, request.n_iterations, size)]


def _joined(parts: list[Figures]) -> Figures:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def spread(values: Floats) -> dict[str, float]:
    """Mean and type 7 quantiles."""
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    numbers = {"mean": values.mean(), "p5": low, "p50": middle, "p95": high}
    return {name: round(float(number), 6) for name, number in numbers.items()}
