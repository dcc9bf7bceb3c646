"""What it costs to move one person from a role to another, and whom that may concern."""

from __future__ import annotations

from dataclasses import dataclass

from etter_simulation.engine.build import overlap_distance
from etter_simulation.engine.request import RoleIn, SimulationRequest


@dataclass(frozen=True)
class Pair:
    """A move that is near enough, roles by their place in the request."""

    source: int
    target: int
    distance: float


@dataclass(frozen=True)
class MoveCost:
    """Currency for one person; `net` is what the optimiser minimises. Savings are what the move makes unnecessary."""

    reskilling: float
    ramp_loss: float
    severance_saved: float
    hiring_saved: float

    @property
    def net(self) -> float:
        return self.reskilling + self.ramp_loss - self.severance_saved - self.hiring_saved


def pairs_between(request: SimulationRequest, sources: list[int], targets: list[int]) -> list[Pair]:
    """Every pair within `redeployment.max_distance`: distances as given, else by the overlap of workloads (4.6)."""
    limit, roles = request.redeployment.max_distance, request.roles
    if request.redeployment.distance is not None:
        place = {role.role: at for at, role in enumerate(roles)}
        wanted = (frozenset(sources), frozenset(targets))
        given = (Pair(place[d.source], place[d.target], d.distance) for d in request.redeployment.distance)
        near = [
            pair
            for pair in given
            if pair.source in wanted[0] and pair.target in wanted[1] and pair.distance <= limit
        ]  # fmt: skip
        return sorted(near, key=lambda pair: (pair.source, pair.target))
    candidates = _sharing_work(roles, sources, targets) if limit < 1 else [(a, b) for a in sources for b in targets]
    measured = (Pair(a, b, overlap_distance(roles[a], roles[b])) for a, b in candidates if a != b)
    return [pair for pair in measured if pair.distance <= limit]


def _sharing_work(roles: list[RoleIn], sources: list[int], targets: list[int]) -> list[tuple[int, int]]:
    holders: dict[str, list[int]] = {}
    for at in targets:
        for name in {workload.Name for workload in roles[at].workloads}:
            holders.setdefault(name, []).append(at)
    return sorted(
        {(at, other) for at in sources for workload in roles[at].workloads for other in holders.get(workload.Name, ())}
    )


def move_cost(request: SimulationRequest, pair: Pair) -> MoveCost:
    """Reskilling is paid for, and those who learn or ramp are paid while they produce nothing or less.

    A move saves severance where surplus is laid off, and a hire, with the hire's own ramp, where posts are filled.
    """
    costs, source, target = request.costs, request.roles[pair.source], request.roles[pair.target]
    monthly = target.salary / 12 * (1 + costs.on_cost)
    ramp = request.ramp.months * (1 - request.ramp.productivity) * monthly
    learning = request.redeployment.reskill_months[reskilling_class(pair.distance)] * monthly
    laid_off, hired = request.layoffs.policy == "surplus", request.backfill.policy != "none"
    return MoveCost(
        reskilling=costs.reskill * (0.5 + pair.distance),
        ramp_loss=learning + ramp,
        severance_saved=costs.severance_months * source.salary / 12 if laid_off else 0.0,
        hiring_saved=costs.hire + ramp if hired else 0.0,
    )


def reskilling_class(distance: float) -> int:
    """4.6: 0 up to 1/3, 1 up to 2/3, 2 above."""
    return 0 if distance <= 1 / 3 else 1 if distance <= 2 / 3 else 2
