"""What a redeployment plan does in the engine's process."""

from __future__ import annotations

import json
from typing import Any

from etter_simulation.planning.refusals import Refused
from etter_simulation.simulations.engine_process import Tell


def plan(payload: str, threads: int, tell: Tell) -> dict[str, Any] | Refused:
    """Plan for the stored request; engine and solvers are loaded here only."""
    from etter_simulation.engine.request import SimulationRequest
    from etter_simulation.planning import flow, redeployment, reserve, reserving

    given = json.loads(payload)
    request, risk = SimulationRequest.model_validate(given.pop("request")), given.pop("risk")
    asked = redeployment.Asked(request=request, risk=reserving.Risk(**risk) if risk else None, **given)
    try:
        return redeployment.plan(asked, threads=threads, on_progress=tell)
    except redeployment.TooManyPairs as large:
        return Refused(str(large), is_too_large=True)
    except (flow.FlowNotSolved, reserve.ReserveNotSolved) as unsolved:
        return Refused(str(unsolved), is_too_large=False)
