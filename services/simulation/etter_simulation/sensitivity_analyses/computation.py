"""What a sensitivity analysis does in the engine's process."""

from __future__ import annotations

import json
from typing import Any

from etter_simulation.simulations.engine_process import Tell


def analyse(payload: str, threads: int, tell: Tell) -> dict[str, Any]:
    """Evaluate the stored request all over its parameters' ranges; the engine is loaded here only."""
    from etter_simulation.engine import sensitivity_run
    from etter_simulation.engine.request import SimulationRequest

    given = json.loads(payload)
    asked = sensitivity_run.Asked(
        request=SimulationRequest.model_validate(given["request"]),
        method=given["method"],
        parameters=tuple((one["parameter"], one["low"], one["high"]) for one in given["parameters"]),
        outputs=tuple((one["metric"], one["role"]) for one in given["outputs"]),
        months=tuple(given["months"]),
        size=given["size"],
    )
    return sensitivity_run.analyse(asked, threads=threads, on_progress=tell)
