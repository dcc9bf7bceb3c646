"""The effects of parameters on a figure, as they are shown, or why there are none."""

from __future__ import annotations

import math
from typing import Any, Final

from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.parameters import RANGES
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.explanations.expected import (
    MAX_GIVEN,
    MAX_ROLE_MONTHS,
    Figure,
    effects,
    expected_figures,
    fits,
    given_parameters,
    shares,
)

_ONE_BY_ONE: Final = 1 + 2 * len(RANGES)


def parameter_effects(request: SimulationRequest, figure: Figure) -> dict[str, Any]:
    """Of a figure without a value in expectation there are none."""
    made: dict[str, Any] = {"basis": "expected", "expected": None, "one_at_a_time": [], "of_given": None, "absent": []}
    known = ROLE_METRICS if figure.role is not None else COMPANY_METRICS
    if figure.metric.removeprefix("attributed_") not in known or not fits(request, figure, _ONE_BY_ONE):
        made["absent"] = [f"more than {MAX_ROLE_MONTHS} roles × months to look at: use a sensitivity analysis"]
        return made
    expected = float(expected_figures(request, figure, [{}])[0])
    if not math.isfinite(expected):
        made["absent"] = ["the figure has no value in expectation"]
        return made
    made["expected"] = expected
    made["one_at_a_time"] = [_effect(vars(one)) for one in effects(request, figure)]
    _add_shares(made, request, figure)
    return made


def _add_shares(made: dict[str, Any], request: SimulationRequest, figure: Figure) -> None:
    given = given_parameters(request)
    if len(given) > MAX_GIVEN or not fits(request, figure, 2 ** min(len(given), MAX_GIVEN)):
        made["absent"] = [f"of_given: {len(given)} parameters were given; their effect is shared out among {MAX_GIVEN}"]
        return
    found = shares(request, figure)
    if math.isfinite(found.start):
        parts = [vars(one) for one in found.shares]
        made["of_given"] = {"start": found.start, "end": found.end, "parts": parts}


def _effect(effect: dict[str, Any]) -> dict[str, Any]:
    ends = ("at_low", "at_high")
    return {**effect, **{end: effect[end] if math.isfinite(effect[end]) else None for end in ends}}
