"""Section 4: one month of one iteration, in MODEL.md's order. Cohort engine: every event is one draw (section 8)."""

from __future__ import annotations

import math

from etter_simulation.engine import channels
from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.philox import Stream, begin, seek
from etter_simulation.engine.redeployment import redeploy
from etter_simulation.engine.samplers import binomial, hypergeometric
from etter_simulation.engine.staffing import (
    admit,
    heads_of,
    present_of,
    release,
    required_heads,
    seek_workload,
    time_needed,
)
from etter_simulation.engine.tables import NO_HIRING, TO_REQUIRED, Model, Table


@compiled
def play_month(
    model: Model, stream: Stream, people: Table, stages: Table, events: Table, iteration: int, step: int
) -> None:
    """Move one iteration's `people` and `stages` from month `step` - 1 to `step`; `events` tells what happened.

    4.1 to 4.5 touch one role only once `everywhere` is known, so they run role by role.
    """
    begin(stream, iteration, step)
    everywhere = adopted_everywhere(stages) if model.rules[0].mixing > 0.0 else 0.0
    for r in range(len(people)):
        clear(events[r])
        adopt(model, stream, people[r], stages, events[r], r, everywhere, step)  # 4.1, 4.2
        quit_voluntarily(model, stream, people[r], stages, events[r], r)  # 4.3
        mature(model, stream, people[r], stages, r)  # 4.4
        plan(model, people[r], stages, events[r], r, model.demand[step, r])  # 4.5
    if model.rules[0].redeployment:
        redeploy(model, stream, people, stages, events, step)  # 4.6
    for r in range(len(people)):
        hire(model, stream, people[r], stages, events[r], r, model.demand[step, r])  # 4.7
        lay_off(model, stream, people[r], stages, events[r], r)  # 4.8


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
def adopt(
    model: Model, stream: Stream, person: Table, stages: Table, event: Table, r: int, everywhere: float, step: int
) -> None:
    """4.1 and 4.2. Who adopts this month becomes proficient next month at the earliest, so L is drawn first."""
    rules, role, present = model.rules[0], model.roles[r], present_of(person)
    if present == 0:
        return
    for work in range(role.first, role.last):
        if step <= model.works[work].begins:
            continue
        stage = stages[work]
        here = (stage.learning + stage.proficient) / present
        pressure = rules.p + rules.q * ((1.0 - rules.mixing) * here + rules.mixing * everywhere)
        hazard = -math.expm1(-model.works[work].pace * pressure / 12.0)
        seek_workload(stream, role, work, channels.LEARNING)
        proficient = binomial(stream, stage.learning, model.works[work].learn)
        seek_workload(stream, role, work, channels.ADOPTION)
        adopting = binomial(stream, stage.none, hazard)
        stage.none -= adopting
        stage.learning += adopting - proficient
        stage.proficient += proficient
        event.adoptions += adopting


@inlined
def quit_voluntarily(model: Model, stream: Stream, person: Table, stages: Table, event: Table, r: int) -> None:
    """4.3: everyone on the payroll, whatever the status."""
    role = model.roles[r]
    seek(stream, role.index, channels.QUIT_ACTIVE)
    active = binomial(stream, person.active, role.quit)
    seek(stream, role.index, channels.QUIT_RAMPING)
    ramping = binomial(stream, person.ramping, role.quit)
    person.active -= active
    person.ramping -= ramping
    release(model, stream, stages, r, active + ramping, channels.QUIT_STAGES)
    event.quits = active + ramping
    for step in range(3):
        if person.reskilling[step]:
            seek(stream, role.index, channels.QUIT_RESKILLING + step)
            reskilling = binomial(stream, person.reskilling[step], role.quit)
            person.reskilling[step] -= reskilling
            event.quits += reskilling


@inlined
def mature(model: Model, stream: Stream, person: Table, stages: Table, r: int) -> None:
    """4.4, both moves from the state before them: RAMPING to ACTIVE, RESKILLING to RAMPING."""
    rules, role = model.rules[0], model.roles[r]
    seek(stream, role.index, channels.RAMPED)
    ramped = binomial(stream, person.ramping, rules.ramped)
    person.active += ramped
    person.ramping -= ramped
    arrived = 0
    for step in range(3):
        if person.reskilling[step]:
            seek(stream, role.index, channels.RESKILLED + step)
            reskilled = binomial(stream, person.reskilling[step], rules.reskilled[step])
            person.reskilling[step] -= reskilled
            arrived += reskilled
    person.ramping += arrived
    admit(model, stream, stages, r, arrived, channels.RESKILLED_STAGES)


@inlined
def plan(model: Model, person: Table, stages: Table, event: Table, r: int, demand: float) -> None:
    """4.5: how many people the remaining work needs, and the gap to those there are."""
    heads = heads_of(person)
    event.required = required_heads(demand, time_needed(model, stages, r), model.rules[0].threshold)
    event.surplus = max(0, heads - event.required)
    event.shortage = max(0, event.required - heads)
    person.surplus_months = person.surplus_months + 1 if event.surplus > 0 else 0


@inlined
def hire(model: Model, stream: Stream, person: Table, stages: Table, event: Table, r: int, demand: float) -> None:
    """4.7: vacancies up to the goal, each filled this month with one probability."""
    rules = model.rules[0]
    if rules.goal == NO_HIRING:
        return
    goal = event.required if rules.goal == TO_REQUIRED else math.ceil(demand - 1e-9)
    event.vacancies = max(0, int(goal) - heads_of(person))
    seek(stream, model.roles[r].index, channels.HIRES)
    event.hires = binomial(stream, event.vacancies, rules.fill)
    person.ramping += event.hires
    admit(model, stream, stages, r, event.hires, channels.HIRED_STAGES)


@compiled
def lay_off(model: Model, stream: Stream, person: Table, stages: Table, event: Table, r: int) -> None:
    """4.8: a share of the surplus that has lasted longer than the patience."""
    rules, role = model.rules[0], model.roles[r]
    if not rules.layoffs or event.surplus <= 0 or person.surplus_months <= rules.patience:
        return
    seek(stream, role.index, channels.LAYOFFS)
    laid_off = min(binomial(stream, event.surplus, rules.layoff_share), present_of(person))
    seek(stream, role.index, channels.LAYOFFS_ACTIVE)
    active = hypergeometric(stream, person.active, person.ramping, laid_off)
    person.active -= active
    person.ramping -= laid_off - active
    release(model, stream, stages, r, laid_off, channels.LAID_OFF_STAGES)
    event.laid_off = laid_off
