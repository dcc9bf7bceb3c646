"""A redeployment plan from beginning to end: needs, pairs, flow, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from etter_simulation.engine.request import MAX_PLANNED_MOVES, PlannedMove, SimulationRequest
from etter_simulation.engine.statistics import Ints
from etter_simulation.planning import flow, moves, reserving
from etter_simulation.planning.gaps import Needs, expected_needs, play_gaps
from etter_simulation.planning.replay import replay

MAX_ARCS: Final = 1_000_000
"""Pairs of roles × months of one plan."""


class TooManyPairs(ValueError):
    """More pairs of roles and months, or more single moves, than one plan may have."""


@dataclass(frozen=True)
class Asked:
    """`max_out` and `max_in` bound a role's moves a month: shares of its people at the start, None for no bound."""

    request: SimulationRequest
    only_if_cheaper: bool = False
    max_out: float | None = None
    max_in: float | None = None
    risk: reserving.Risk | None = None


def plan(asked: Asked, *, threads: int, on_progress: Callable[[float], None]) -> dict[str, Any]:
    """The plan as it is stored."""
    request = asked.request
    gaps = play_gaps(request, 0, request.n_iterations, lambda done: on_progress(0.4 * done))
    needs = expected_needs(gaps)
    pairs = _pairs(request, needs)
    found = flow.solve(_transport(asked, needs, pairs))
    planned = _planned(request, pairs, found)
    on_progress(0.5)
    result: dict[str, Any] = {
        "moves": _shown(request, pairs, found),
        "people": int(found.people.sum()),
        "planned_cost": round(float(found.cost), 2),
        "surplus": _by_role(request, needs.surplus.sum(axis=0), found.unplaced, {pair.source for pair in pairs}),
        "shortage": _by_role(request, needs.shortage.sum(axis=0), found.unfilled, {pair.target for pair in pairs}),
        "reserve": None,
    }
    if asked.risk is not None:
        result["reserve"] = reserving.reserve(request, gaps, asked.risk)
        on_progress(0.6)
    start = 0.6
    result["simulated"] = replay(
        with_moves(request, planned),
        without_moves(request),
        threads=threads,
        on_progress=lambda done: on_progress(start + (1 - start) * done),
    )
    return result


def with_moves(request: SimulationRequest, planned: Sequence[PlannedMove]) -> SimulationRequest:
    """The request with these moves and no others."""
    own = {"enabled": True, "monthly_share": 1.0, "plan": list(planned)}
    return request.model_copy(update={"redeployment": request.redeployment.model_copy(update=own)})


def without_moves(request: SimulationRequest) -> SimulationRequest:
    own = {"enabled": False, "plan": None}
    return request.model_copy(update={"redeployment": request.redeployment.model_copy(update=own)})


def _pairs(request: SimulationRequest, needs: Needs) -> list[moves.Pair]:
    sources = np.flatnonzero(needs.surplus.any(axis=0)).tolist()
    targets = np.flatnonzero(needs.shortage.any(axis=0)).tolist()
    found = moves.pairs_between(request, sources, targets)
    if len(found) * (request.steps + 1) > MAX_ARCS:
        raise TooManyPairs(f"{len(found)} pairs of roles in {request.steps} months; together at most {MAX_ARCS}")
    return found


def _transport(asked: Asked, needs: Needs, pairs: Sequence[moves.Pair]) -> flow.Transport:
    request = asked.request
    monthly = np.array([role.salary / 12 * (1 + request.costs.on_cost) for role in request.roles])
    lays_off = request.layoffs.policy == "surplus"
    return flow.Transport(
        needs.surplus,
        needs.shortage,
        np.array([pair.source for pair in pairs], dtype=np.int64),
        np.array([pair.target for pair in pairs], dtype=np.int64),
        np.array([round(moves.move_cost(request, pair).net) for pair in pairs], dtype=np.int64),
        hold=np.rint(monthly if lays_off else 0 * monthly).astype(np.int64),
        late=np.rint(monthly).astype(np.int64),
        out_limit=_limit(request, asked.max_out),
        in_limit=_limit(request, asked.max_in),
        only_if_cheaper=asked.only_if_cheaper,
    )


def _limit(request: SimulationRequest, share: float | None) -> Ints:
    if share is None:
        return np.zeros(0, dtype=np.int64)
    most = [int(np.ceil(share * role.count - 1e-9)) for role in request.roles]
    return np.tile(np.array(most, dtype=np.int64), (request.steps + 1, 1))


def _planned(request: SimulationRequest, pairs: Sequence[moves.Pair], found: flow.Flow) -> list[PlannedMove]:
    if len(found.people) > MAX_PLANNED_MOVES:
        raise TooManyPairs(f"the plan has {len(found.people)} single moves; at most {MAX_PLANNED_MOVES}")
    return [
        PlannedMove(
            source=request.roles[pairs[arc].source].role,
            target=request.roles[pairs[arc].target].role,
            month=int(month),
            people=int(people),
        )
        for arc, month, people in zip(found.arcs, found.months, found.people, strict=True)
    ]


def _shown(request: SimulationRequest, pairs: Sequence[moves.Pair], found: flow.Flow) -> list[dict[str, Any]]:
    shown = []
    for arc, month, people in zip(found.arcs, found.months, found.people, strict=True):
        pair = pairs[arc]
        cost = moves.move_cost(request, pair)
        parts = {name: round(getattr(cost, name), 2) for name in ("reskilling", "ramp_loss", "severance_saved")}
        shown.append(
            {
                "source": request.roles[pair.source].role, "target": request.roles[pair.target].role,
                "month": int(month), "people": int(people), "distance": round(pair.distance, 6),
                "cost_per_person": {**parts, "hiring_saved": round(cost.hiring_saved, 2), "net": round(cost.net, 2)},
            }
        )  # fmt: skip
    return shown


def _by_role(request: SimulationRequest, whole: Ints, left: Ints, reachable: set[int]) -> list[dict[str, Any]]:
    """Those with any, each with what the plan leaves over and whether any role is near enough."""
    return [
        {"role": request.roles[at].role, "people": int(whole[at]), "left": int(left[at]), "reachable": at in reachable}
        for at in np.flatnonzero(whole)
    ]
