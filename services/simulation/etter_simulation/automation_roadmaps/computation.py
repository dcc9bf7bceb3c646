"""What an automation roadmap does in the engine's process."""

from __future__ import annotations

import json
from typing import Any

from etter_simulation.planning.refusals import Refused
from etter_simulation.simulations.engine_process import Tell


def plan(payload: str, threads: int, tell: Tell) -> dict[str, Any] | Refused:
    """Plan for the stored request; engine and solvers are loaded here only."""
    from etter_simulation.engine.request import SimulationRequest
    from etter_simulation.planning import automation, roadmap

    given = json.loads(payload)
    asked = automation.Asked(
        request=SimulationRequest.model_validate(given["request"]),
        budget=tuple(given["budget"]),
        start_cost=given["start_cost"],
        start_costs={(one["role"], one["workload"]): one["cost"] for one in given["start_costs"]},
        value=given["value"],
        max_fall=given["max_fall"],
        time_limit_s=given["time_limit_s"],
    )
    try:
        return automation.plan(asked, threads=threads, on_progress=tell)
    except automation.TooManyChoices as large:
        return Refused(str(large), is_too_large=True)
    except roadmap.RoadmapNotSolved as unsolved:
        return Refused(str(unsolved), is_too_large=False)
