"""Who is too many and who is missing, where and when, if nobody is hired, laid off or moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from etter_simulation.engine.build import build
from etter_simulation.engine.evaluation import play, spans
from etter_simulation.engine.request import Backfill, Layoffs, Redeployment, SimulationRequest
from etter_simulation.engine.statistics import Floats, Ints


@dataclass(frozen=True)
class Needs:
    """People by role (0..) who come to be lastingly surplus, and lastingly missing, in each month: [month, role]."""

    surplus: Ints
    shortage: Ints


def without_staffing(request: SimulationRequest) -> SimulationRequest:
    """The request with people leaving of their own will only."""
    still = {"backfill": Backfill(policy="none"), "layoffs": Layoffs(), "redeployment": Redeployment()}
    return request.model_copy(update=still)


def play_gaps(
    request: SimulationRequest, first: int, last: int, on_progress: Callable[[float], None] | None = None
) -> Ints:
    """Heads less required heads (4.5), [month, role, iteration], of iterations `first`..`last` without staffing."""
    still = without_staffing(request)
    found = np.empty((request.steps + 1, len(request.roles), last - first), dtype=np.int32)
    for span in spans(still, first, last):
        rows = play(still, span.start, span.stop, with_roles=True)
        place = slice(span.start - first, span.stop - first)
        found[:, :, place] = rows.of_roles("count") - required(still, rows.of_roles("released_fte"))
        if on_progress is not None:
            on_progress((span.stop - first) / (last - first))
    return found.astype(np.int64)


def required(request: SimulationRequest, released_fte: Floats) -> Floats:
    """n*_r of 4.5 from the time freed, D_r (1 - x_r), [month, role, iteration]."""
    demand = build(request).demand[:, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        time = 1 - np.where(demand > 0, released_fte / demand, 0.0)
        spare = 1 - request.consolidation.threshold * time
        pooled = np.ceil(demand * time / spare - 1e-9)
    original = np.ceil(demand - 1e-9)
    needed: Floats = np.where(spare > 0, np.minimum(original, pooled), original)
    return needed


def expected_needs(gaps: Ints) -> Needs:
    """What to plan for: the mean gap, as far as it lasts to the end, in whole people."""
    mean = gaps.mean(axis=2)
    return Needs(_lasting(np.floor(mean + 1e-9)), _lasting(np.floor(0.5 - mean)))


def _lasting(people: Floats) -> Ints:
    """What each month adds to the level that is never undercut afterwards."""
    level = np.minimum.accumulate(np.maximum(people, 0)[::-1], axis=0)[::-1]
    return np.diff(level, axis=0, prepend=0.0).astype(np.int64)
