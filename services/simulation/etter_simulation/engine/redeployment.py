"""Section 4.6: surplus people move to roles with a shortage, nearest pairs of roles first; all lanes of a block."""

from __future__ import annotations

from typing import Any

import numpy as np

from etter_simulation.engine import channels
from etter_simulation.engine.cohort_month import release
from etter_simulation.engine.cohort_tables import (
    ACTIVE,
    AVAILABLE,
    MOVE_SHARE,
    MOVED_IN,
    MOVED_OUT,
    MOVING_COST,
    RESKILL_COST,
    RESKILLING,
    SHORTAGE,
    SURPLUS,
    Desk,
)
from etter_simulation.engine.compiled import compiled, spliced
from etter_simulation.engine.philox import Lane
from etter_simulation.engine.samplers import DRAWS, K
from etter_simulation.engine.tables import Table, Varied


@compiled
def redeploy(model: Varied, desk: Desk, people: Any, stages: Any, step: int) -> None:
    """Movers are a uniformly random set of ACTIVE people and count as heads of their new role at once.

    Where moves are planned, no more people take a pair in a month than its plan says.
    """
    events, terms = desk.events, desk.terms
    can, want = np.zeros(len(people), dtype=np.bool_), np.zeros(len(people), dtype=np.bool_)
    for r in range(len(people)):
        _offer(terms[MOVE_SHARE], people[r], events[r])
        can[r], want[r] = events[r, AVAILABLE].any(), events[r, SHORTAGE].any()
    for at in range(len(model.pairs)):
        pair = model.pairs[at]
        if can[pair.source] and want[pair.target]:
            most = model.planned[step, at] if len(model.planned) else np.inf
            _lay_movers(model, desk, at, most)
            _move(desk, people[pair.source, ACTIVE], people[pair.target, RESKILLING + pair.step], pair)
            for i in range(events.shape[2]):
                cost = terms[RESKILL_COST, i] * (0.5 + pair.distance)
                events[pair.target, MOVING_COST, i] += desk.draws.all.slips[K, i] * cost
    for r in range(len(people)):
        if can[r]:
            desk.draws.all.slips[DRAWS] = events[r, MOVED_OUT]
            release(model, desk, stages, r, channels.MOVED_STAGES)


@spliced
def _offer(share: Lane, people: Any, event: Any) -> None:
    for i in range(event.shape[1]):
        offered = np.ceil(share[i] * event[SURPLUS, i] - 1e-9)
        event[AVAILABLE, i] = min(offered, np.float64(people[ACTIVE, i]))


@spliced
def _lay_movers(model: Varied, desk: Desk, at: int, most: float) -> None:
    """How many take the pair; in some iterations it may not be offered."""
    pair, events, movers = model.pairs[at], desk.events, desk.draws.all.slips[K]
    for i in range(len(movers)):
        can = min(min(events[pair.source, AVAILABLE, i], events[pair.target, SHORTAGE, i]), most)
        movers[i] = can if at < model.offered[min(desk.places[i], len(model.offered) - 1)] else 0.0


@spliced
def _move(desk: Desk, active: Any, reskilling: Any, pair: Table) -> None:
    left, joined, movers = desk.events[pair.source], desk.events[pair.target], desk.draws.all.slips[K]
    for i in range(len(movers)):
        active[i] -= np.int32(movers[i])
        reskilling[i] += np.int32(movers[i])
        left[AVAILABLE, i] -= movers[i]
        left[SURPLUS, i] -= movers[i]
        left[MOVED_OUT, i] += movers[i]
        joined[SHORTAGE, i] -= movers[i]
        joined[MOVED_IN, i] += movers[i]
