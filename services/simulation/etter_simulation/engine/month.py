"""Section 4: what a month computes from counts alone, for one iteration as records."""

from __future__ import annotations

from etter_simulation.engine.compiled import inlined
from etter_simulation.engine.staffing import heads_of, required_heads, time_needed
from etter_simulation.engine.tables import Model, Table


@inlined
def clear(event: Table) -> None:
    event.quits = event.hires = event.laid_off = event.moved_in = event.moved_out = 0
    event.vacancies = event.adoptions = event.required = event.surplus = event.shortage = event.available = 0
    event.moving_cost = 0.0


@inlined
def adopted_everywhere(stages: Table) -> float:
    """F_all of 4.1: adopted pairs of employee and Auto workload among all such pairs of the company."""
    adopted, pairs = 0, 0
    for work in range(len(stages)):
        using = stages[work].learning + stages[work].proficient
        adopted += using
        pairs += using + stages[work].none
    return adopted / pairs if pairs else 0.0


@inlined
def plan(model: Model, person: Table, stages: Table, event: Table, r: int, demand: float) -> None:
    """4.5: how many people the remaining work needs, and the gap to those there are."""
    heads = heads_of(person)
    event.required = int(required_heads(demand, time_needed(model, stages, r), model.rules[0].threshold))
    event.surplus = max(0, heads - event.required)
    event.shortage = max(0, event.required - heads)
    person.surplus_months = person.surplus_months + 1 if event.surplus > 0 else 0
