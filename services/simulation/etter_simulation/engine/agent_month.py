"""Section 4 for one employee at a time: one month of one iteration, in MODEL.md's order."""

from __future__ import annotations

import math

from etter_simulation.engine import channels
from etter_simulation.engine.agent_tables import (
    ACTIVE,
    NOBODY,
    NOT_ADOPTED,
    PROFICIENT,
    RAMPING,
    RESKILLING,
    Crew,
    become,
    choose,
    count_stage,
    enter,
    first_cell,
    free_slot,
    freeze,
    is_present,
    leave,
    number_of,
    stage_channel,
)
from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.month import adopted_everywhere, clear, plan
from etter_simulation.engine.philox import Stream, begin
from etter_simulation.engine.staffing import heads_of, present_of
from etter_simulation.engine.tables import NO_HIRING, TO_REQUIRED, Model, Table


@compiled
def play_month(model: Model, stream: Stream, crew: Crew, events: Table, iteration: int, step: int) -> None:
    """Move one iteration's `crew` from month `step` - 1 to `step`; `events` tells what happened."""
    begin(stream, iteration, step)
    everywhere = adopted_everywhere(crew.stages)
    for r in range(len(crew.people)):
        clear(events[r])
        for work in range(model.roles[r].last - model.roles[r].first):
            if step > model.works[model.roles[r].first + work].begins:
                adopt(model, stream, crew, events[r], r, work, everywhere)  # 4.1, 4.2
        quit_voluntarily(model, stream, crew, events[r], r)  # 4.3
        mature(model, stream, crew, r)  # 4.4
        plan(model, crew.people[r], crew.stages, events[r], r, model.demand[step, r])  # 4.5
    if model.rules[0].redeployment:
        redeploy(model, stream, crew, events, step)  # 4.6
    for r in range(len(crew.people)):
        hire(model, stream, crew, events[r], r, model.demand[step, r])  # 4.7
        lay_off(model, stream, crew, events[r], r)  # 4.8


@inlined
def adopt(model: Model, stream: Stream, crew: Crew, event: Table, r: int, work: int, everywhere: float) -> None:
    """4.1 and 4.2 for one Auto workload, counted within its role."""
    role, rules, row = model.roles[r], model.rules[0], model.roles[r].first + work
    counts, present = crew.stages[row], present_of(crew.people[r])
    if present == 0:
        return
    here = (counts.learning + counts.proficient) / present
    seen = (1.0 - rules.mixing) * here + rules.mixing * everywhere
    hazard = 1.0 - math.exp(-model.works[row].pace * (rules.p + rules.q * seen) / 12.0)
    for slot in range(crew.places[r].first, crew.places[r].last):
        cell = first_cell(model, crew, r, slot) + work
        stage = crew.stage[cell]
        if not is_present(crew.status[slot]) or stage == PROFICIENT:
            continue
        chance = hazard if stage == NOT_ADOPTED else model.works[row].learn
        if number_of(stream, role.index, stage_channel(work), slot - crew.places[r].first, 0) < chance:
            event.adoptions += stage == NOT_ADOPTED
            crew.stage[cell] = stage + 1
            count_stage(counts, stage, -1)
            count_stage(counts, stage + 1, 1)


@inlined
def quit_voluntarily(model: Model, stream: Stream, crew: Crew, event: Table, r: int) -> None:
    """4.3: everyone on the payroll."""
    role, first = model.roles[r], crew.places[r].first
    for slot in range(first, crew.places[r].last):
        if crew.status[slot] == NOBODY:
            continue
        if number_of(stream, role.index, channels.PERSON_QUITS_MATURES, slot - first, 0) < role.quit:
            leave(model, crew, r, slot)
            event.quits += 1


@inlined
def mature(model: Model, stream: Stream, crew: Crew, r: int) -> None:
    """4.4: everyone by the status before it."""
    rules, role, first = model.rules[0], model.roles[r], crew.places[r].first
    freeze(model, crew, r)
    for slot in range(first, crew.places[r].last):
        status = crew.status[slot]
        if status < RAMPING:
            continue
        chance = rules.ramped if status == RAMPING else rules.reskilled[status - RESKILLING]
        if number_of(stream, role.index, channels.PERSON_QUITS_MATURES, slot - first, 1) < chance:
            if status == RAMPING:
                become(crew, r, slot, ACTIVE)
            else:
                enter(model, stream, crew, r, slot)


@compiled
def redeploy(model: Model, stream: Stream, crew: Crew, events: Table, step: int) -> None:
    """4.6: the nearest pairs of roles first; movers are a uniformly random set of ACTIVE people."""
    rules = model.rules[0]
    for r in range(len(crew.people)):
        share = math.ceil(rules.redeployment_share * events[r].surplus - 1e-9)
        events[r].available = min(int(share), crew.people[r].active)
    for at in range(len(model.pairs)):
        pair = model.pairs[at]
        left, joined = events[pair.source], events[pair.target]
        movers = min(left.available, joined.shortage)
        if len(model.planned):
            movers = min(movers, model.planned[step, at])
        if movers > 0:
            move(model, stream, crew, pair, left.moved_out, movers)
            left.available -= movers
            left.surplus -= movers
            left.moved_out += movers
            joined.shortage -= movers
            joined.moved_in += movers
            joined.moving_cost += movers * rules.reskill * (0.5 + pair.distance)


@inlined
def move(model: Model, stream: Stream, crew: Crew, pair: Table, moved: int, movers: int) -> None:
    """People of one role into free slots of another; `moved` have left the role this month already."""
    source = model.roles[pair.source]
    choose(stream, crew, source, pair.source, ACTIVE, channels.PERSON_MOVED, moved, movers)
    slot = crew.places[pair.target].first
    for k in range(movers):
        leave(model, crew, pair.source, crew.chosen[k])
        slot = free_slot(crew, slot)
        become(crew, pair.target, slot, RESKILLING + pair.step)


@inlined
def hire(model: Model, stream: Stream, crew: Crew, event: Table, r: int, demand: float) -> None:
    """4.7: every vacancy is filled this month, or not."""
    rules = model.rules[0]
    if rules.goal == NO_HIRING:
        return
    goal = event.required if rules.goal == TO_REQUIRED else math.ceil(demand - 1e-9)
    event.vacancies = max(0, int(goal) - heads_of(crew.people[r]))
    freeze(model, crew, r)
    slot = crew.places[r].first
    for vacancy in range(event.vacancies):
        if number_of(stream, model.roles[r].index, channels.VACANCY_FILLED, vacancy, 0) < rules.fill:
            slot = free_slot(crew, slot)
            enter(model, stream, crew, r, slot)
            event.hires += 1


@inlined
def lay_off(model: Model, stream: Stream, crew: Crew, event: Table, r: int) -> None:
    """4.8: of a surplus that has lasted longer than the patience, every post is cut this month, or not."""
    rules, role = model.rules[0], model.roles[r]
    if not rules.layoffs or event.surplus <= 0 or crew.people[r].surplus_months <= rules.patience:
        return
    cut = 0
    for post in range(event.surplus):
        cut += number_of(stream, role.index, channels.SURPLUS_CUT, post, 0) < rules.layoff_share
    event.laid_off = min(cut, present_of(crew.people[r]))
    choose(stream, crew, role, r, RAMPING, channels.PERSON_LAID_OFF, 0, event.laid_off)
    for k in range(event.laid_off):
        leave(model, crew, r, crew.chosen[k])
