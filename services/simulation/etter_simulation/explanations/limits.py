"""What a figure does not know, in sentences for its reader."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from etter_simulation.engine.defaults import DEFAULTS
from etter_simulation.engine.parameters import value_of
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.explanations.expected import Figure


def of(request: SimulationRequest, header: Row[Any], figure: Figure) -> list[str]:
    """The model's limits, what was assumed, how it was computed, and what this figure leaves out."""
    return [
        "This is a scenario, not a forecast: it says what follows from its assumptions, not how likely they are.",
        *_assumed(request),
        f"It was played {header.iterations} times at most by {header.engine_version}; p5 to p95 is chance alone"
        " unless the request gives distributions of its parameters.",
        *_approximated(request, header),
        *_left_out(request, header, figure),
    ]


def _assumed(request: SimulationRequest) -> list[str]:
    names = [
        name
        for name, default in DEFAULTS.items()
        if default.basis == "assumption" and value_of(request, name) == default.value
    ]
    return [f"Assumptions without a source, at their defaults: {', '.join(names)}."] if names else []


def _approximated(request: SimulationRequest, header: Row[Any]) -> list[str]:
    found = []
    inflow = request.backfill.policy != "none" or request.redeployment.enabled
    auto = max(sum(work.Type == "Auto" for work in role.workloads) for role in request.roles)
    if inflow and auto > 1 and request.engine == "cohort":
        found.append(
            "With hires or moves the covariance between two workloads of one role is approximated (cohort engine);"
            " each workload alone, and every mean of freed time, is not."
        )
    if header.quantiles == "sketch":
        found.append("Quantiles are read from a sketch with a stated rank error.")
    return found


def _left_out(request: SimulationRequest, header: Row[Any], figure: Figure) -> list[str]:
    found = []
    if header.left_out:
        found.append(f"{len(header.left_out)} roles of the company could not be simulated and are in no figure.")
    if not request.counterfactual:
        found.append("Without a counterfactual, savings include those that would have come without automation.")
    if figure.role is not None:
        found.append("Licences and one-off costs are kept for the company only, not by role.")
    if figure.metric == "released_fte":
        found.append("Time by workload is shared out by expected adoption, not counted in the simulation.")
    return found
