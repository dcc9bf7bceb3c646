"""Section 10: what a parameter is in an iteration. Iteration i takes point i of a scrambled Sobol' sequence.

A parameter has a dimension of its own, so what it is does not depend on which others are uncertain: scenarios with one
seed share it as they share the draws.
"""

from __future__ import annotations

import numpy as np

from etter_simulation.engine.distributions import UNCERTAIN_PARAMETERS
from etter_simulation.engine.quantiles import quantiles
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.sobol import points
from etter_simulation.engine.statistics import Floats


def values_of(request: SimulationRequest, first: int, last: int) -> dict[str, Floats]:
    """Each uncertain parameter in iterations `first`..`last` (half-open)."""
    indices = np.arange(first, last, dtype=np.int64)
    return {
        name: quantiles(distribution, points(request.seed_or_derived(), UNCERTAIN_PARAMETERS.index(name), indices))
        for name, distribution in request.uncertainty.items()
    }
