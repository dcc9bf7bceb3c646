"""Section 4.6: surplus people move to roles with a shortage, nearest pairs of roles first."""

from __future__ import annotations

import math

from etter_simulation.engine import channels
from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.philox import Stream
from etter_simulation.engine.staffing import release
from etter_simulation.engine.tables import Model, Table


@compiled
def redeploy(model: Model, stream: Stream, people: Table, stages: Table, events: Table, step: int) -> None:
    """Movers are a uniformly random set of ACTIVE people and count as heads of their new role at once.

    Where moves are planned, no more people take a pair in a month than its plan says.
    """
    rules = model.rules[0]
    movable, wanted = 0, 0
    for r in range(len(people)):
        share = math.ceil(rules.redeployment_share * events[r].surplus - 1e-9)
        events[r].available = min(int(share), people[r].active)
        movable += events[r].available
        wanted += events[r].shortage
    if movable == 0 or wanted == 0:
        return
    for at in range(len(model.pairs)):
        pair = model.pairs[at]
        movers = min(events[pair.source].available, events[pair.target].shortage)
        if len(model.planned):
            movers = min(movers, model.planned[step, at])
        if movers > 0:
            _move(people[pair.source], people[pair.target], events[pair.source], events[pair.target], pair, movers)
            events[pair.target].moving_cost += movers * rules.reskill * (0.5 + pair.distance)
    for r in range(len(people)):
        release(model, stream, stages, r, events[r].moved_out, channels.MOVED_STAGES)


@inlined
def _move(source: Table, target: Table, left: Table, joined: Table, pair: Table, movers: int) -> None:
    source.active -= movers
    target.reskilling[pair.step] += movers
    left.available -= movers
    left.surplus -= movers
    left.moved_out += movers
    joined.shortage -= movers
    joined.moved_in += movers
