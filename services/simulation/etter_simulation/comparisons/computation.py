"""What a comparison does in the engine's process."""

from __future__ import annotations

import json
from typing import Any

from etter_simulation.simulations.engine_process import Tell


def compare(payload: str, threads: int, tell: Tell) -> dict[str, Any]:
    """Play the stored requests side by side; the engine is loaded here only."""
    from etter_simulation.engine import comparison
    from etter_simulation.engine.request import SimulationRequest

    given = json.loads(payload)
    requests = [SimulationRequest.model_validate(request) for request in given["requests"]]
    return comparison.compare(requests, given["months"], baseline=given["baseline"], threads=threads, on_progress=tell)
