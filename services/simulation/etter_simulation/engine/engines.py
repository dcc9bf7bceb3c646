"""Section 8: the engines that play iterations. The agent engine is loaded when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from etter_simulation.engine import cohort
from etter_simulation.engine.build import build
from etter_simulation.engine.request import SimulationRequest

HEAD_MONTHS: Final = 10_000_000
"""Of the agent engine: about a second's work of one core."""


class Engine(NamedTuple):
    """`start` makes the state of so many iterations at month 0; `advance` moves it on, see `cohort.advance`."""

    start: Callable[[Any, int], Any]
    advance: Callable[..., None]


def engine_of(request: SimulationRequest) -> Engine:
    """The engine that a request asks for."""
    if request.engine == "agent":
        from etter_simulation.engine import agent

        return Engine(agent.start, agent.advance)
    return Engine(cohort.start, cohort.advance)


def model_of(request: SimulationRequest, first: int, last: int) -> tuple[Engine, Any]:
    """The engine for iterations `first`..`last` (half-open) of a request, and their model.

    With `uncertainty` each iteration has its own, and the cohort engine plays it.
    """
    if not request.uncertainty:
        return engine_of(request), build(request)
    from etter_simulation.engine import varied
    from etter_simulation.engine.uncertainty import values_of

    model = varied.vary(request, values_of(request, first, last))
    return Engine(cohort.start, cohort.advance), model


def unhurried_months(request: SimulationRequest) -> int:
    """Months that may be played at once: in between, a run tells how far it is and can be stopped."""
    if request.engine != "agent":
        return request.steps + 1
    return max(1, HEAD_MONTHS // max(1, request.n_iterations * request.most_heads))
