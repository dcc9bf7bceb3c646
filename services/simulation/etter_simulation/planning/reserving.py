"""A reserve for a company: prices and scenarios from its request, a two-stage program, and a trial on new scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.statistics import Floats, Ints
from etter_simulation.planning import moves
from etter_simulation.planning.gaps import play_gaps
from etter_simulation.planning.replay import spread
from etter_simulation.planning.reserve import Reserve, Stakes, costs, solve, tail_mean, weighed

NEAREST: Final = 5
"""Sources that a role with shortage may take people from: the cheapest."""
TIME_LIMIT_S: Final = 120.0


@dataclass(frozen=True)
class Risk:
    """`kappa` is the weight of the worst 5 %; a person too many stands idle for `idle_months`."""

    kappa: float
    idle_months: float


def reserve(request: SimulationRequest, gaps: Ints, risk: Risk) -> dict[str, Any]:
    """Moves and hires to make ahead for the gaps of the last month, [month, role, iteration]."""
    last = gaps[-1]
    concerned = np.flatnonzero((last != 0).any(axis=1))
    pairs = _cheapest_pairs(request, last, concerned)
    stakes = _stakes(request, last, concerned, pairs, risk)
    found = solve(stakes, risk.kappa, time_limit_s=TIME_LIMIT_S)
    whole = Reserve(np.rint(found.moves), np.rint(found.hires), found.objective)
    nothing = Reserve(np.zeros_like(found.moves), np.zeros_like(found.hires), 0.0)
    new = _stakes(request, _new_gaps(request), concerned, pairs, risk)
    return {
        "kappa": risk.kappa,
        "objective": round(found.objective, 2),
        "moves": [
            {
                "source": request.roles[pair.source].role,
                "target": request.roles[pair.target].role,
                "people": int(people),
            }
            for pair, people in zip(pairs, whole.moves, strict=True)
            if people
        ],
        "hires": [
            {"role": request.roles[at].role, "people": int(people)}
            for at, people in zip(concerned, whole.hires, strict=True)
            if people
        ],
        "planned": _outcome(costs(stakes, whole.moves, whole.hires), risk),
        "simulated": _outcome(costs(new, whole.moves, whole.hires), risk),
        "simulated_without": _outcome(costs(new, nothing.moves, nothing.hires), risk),
    }


def _new_gaps(request: SimulationRequest) -> Ints:
    """As many iterations as the plan was made with, none of which it has seen."""
    count = request.n_iterations
    gaps: Ints = play_gaps(request, count, 2 * count)[-1]
    return gaps


def _outcome(outcomes: Floats, risk: Risk) -> dict[str, float]:
    tail = {"cvar95": tail_mean(outcomes), "weighed": weighed(outcomes, risk.kappa)}
    return {**spread(outcomes), **{name: round(value, 6) for name, value in tail.items()}}


def _cheapest_pairs(request: SimulationRequest, last: Ints, concerned: Ints) -> list[moves.Pair]:
    sources = [int(at) for at in concerned if (last[at] > 0).any()]
    targets = [int(at) for at in concerned if (last[at] < 0).any()]
    by_target: dict[int, list[moves.Pair]] = {}
    for pair in moves.pairs_between(request, sources, targets):
        by_target.setdefault(pair.target, []).append(pair)
    return [
        pair
        for near in by_target.values()
        for pair in sorted(near, key=lambda one: (_move_price(request, one), one.source))[:NEAREST]
    ]


def _move_price(request: SimulationRequest, pair: moves.Pair) -> float:
    """A hire that a move makes unnecessary is counted where it is not made, not here."""
    cost = moves.move_cost(request, pair)
    return cost.net + cost.hiring_saved


def _stakes(request: SimulationRequest, last: Ints, concerned: Ints, pairs: list[moves.Pair], risk: Risk) -> Stakes:
    place = {int(role): at for at, role in enumerate(concerned)}
    roles = [request.roles[at] for at in concerned]
    monthly = np.array([role.salary / 12 * (1 + request.costs.on_cost) for role in roles])
    ramp = request.ramp.months * (1 - request.ramp.productivity) * monthly
    ahead = request.costs.hire + ramp
    return Stakes(
        gaps=last[concerned].T,
        sources=np.array([place[pair.source] for pair in pairs], dtype=np.int64),
        targets=np.array([place[pair.target] for pair in pairs], dtype=np.int64),
        move=np.array([_move_price(request, pair) for pair in pairs], dtype=np.float64),
        ahead=ahead,
        late=ahead + request.backfill.fill_months * monthly,
        idle=risk.idle_months * monthly,
    )
