"""How a run is split: by the request and the deployment's settings when it is asked for; kept with it from then on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.engine.precision import STEP
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.settings import SimulationSettings

HEADS_LIKE_A_ROLE: Final = 4
BLOCK: Final = 256
"""Iterations that the cohort engine plays side by side: whole blocks cost least."""
LEAST: Final = 128
"""Iterations of a chunk, as long as that is no more than `MOST` times the work of one: fewer cost a third more each."""
MOST: Final = 4

Quantiles = Literal["exact", "sketch"]


@dataclass(frozen=True)
class Plan:
    """`chunk_iterations` is None for a run that is played at once, by the worker that has its job."""

    chunk_iterations: int | None
    quantiles: Quantiles

    @property
    def is_sketched(self) -> bool:
        return self.quantiles == "sketch"

    def spans(self, iterations: int) -> list[tuple[int, int]]:
        """The chunks of the first `iterations`, half-open and in order."""
        size = self.chunk_iterations or iterations
        return [(first, min(first + size, iterations)) for first in range(0, iterations, size)]


def plan_for(request: SimulationRequest, settings: SimulationSettings) -> Plan:
    """Small runs are played at once: sharing them out would take longer than playing them."""
    of_one = len(request.roles) * (request.steps + 1)
    values = of_one * len(ROLE_METRICS) * request.n_iterations
    quantiles: Quantiles = "exact" if values <= settings.max_exact_values else "sketch"
    work = work_of_one(request)
    if quantiles == "exact" and work * request.n_iterations <= settings.max_inline_work:
        return Plan(None, quantiles)
    size = min(request.n_iterations, _chunk_size(request, settings.chunk_work / work))
    return Plan(_dividing_step(size) if request.precision else size, quantiles)


def _chunk_size(request: SimulationRequest, wanted: float) -> int:
    """About as many iterations as are wanted, so that the engine plays them well."""
    if request.engine == "agent":
        return max(1, int(wanted))
    if wanted >= BLOCK:
        return int(wanted) // BLOCK * BLOCK
    return max(1, int(wanted), min(LEAST, int(MOST * wanted)))


def work_of_one(request: SimulationRequest) -> int:
    """What one iteration costs: role-months, those of the counterfactual and of replicates too.

    An agent's month costs a quarter of a role's.
    """
    units = len(request.roles)
    if request.engine == "agent":
        units += request.most_heads // HEADS_LIKE_A_ROLE
    sides = (2 if request.counterfactual else 1) * (2 if request.uncertainty else 1)
    return sides * units * (request.steps + 1)


def _dividing_step(size: int) -> int:
    """The largest chunk up to `size` of which a step of the stopping rule is a whole number."""
    return next(found for found in range(min(size, STEP), 0, -1) if STEP % found == 0)
