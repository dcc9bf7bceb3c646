"""Section 4, cohort engine (section 8): one month of one role for all lanes of a block; every event is one draw a lane.

Each function is one numbered step. `people` and `event` are the role's, `stages` those of all Auto workloads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from etter_simulation.engine import channels
from etter_simulation.engine.channels import PER_WORKLOAD, STRIDE
from etter_simulation.engine.cohort_tables import (
    ACTIVE,
    ADOPTIONS,
    CUT,
    DEMAND,
    FILL,
    HIRES,
    IMITATION,
    INNOVATION,
    LAID_OFF,
    LAYOFF_SHARE,
    LEARN,
    LEARNING,
    LEAST_TIME,
    MIXING,
    NONE,
    PACE,
    PATIENCE,
    PROFICIENT,
    QUIT,
    QUITS,
    RAMPED,
    RAMPING,
    REQUIRED,
    RESKILLING,
    SAVING,
    SHORTAGE,
    SURPLUS,
    SURPLUS_MONTHS,
    THRESHOLD,
    VACANCIES,
    Desk,
    lay_work,
)
from etter_simulation.engine.compiled import compiled, inlined, spliced
from etter_simulation.engine.elementary import expm1
from etter_simulation.engine.groups import hypergeometrics, joining, leaving
from etter_simulation.engine.philox import Lane, seek, uniforms
from etter_simulation.engine.samplers import (
    CHANCE,
    DRAWS,
    FIRST,
    K_A,
    K_C,
    SECOND,
    STAY,
    A,
    B,
    C,
    K,
    N,
    binomials,
    lay_chance,
)
from etter_simulation.engine.staffing import required_heads
from etter_simulation.engine.tables import NO_HIRING, TO_REQUIRED, Table, Varied

RESKILLING_CLASSES = 3


@inlined
def seek_workload(desk: Desk, role: Table, work: int, kind: int) -> None:
    """Point at one draw of one Auto workload, `work` being its row."""
    seek(desk.draws.stream, role.index, PER_WORKLOAD + STRIDE * (work - role.first) + kind)


@spliced
def draw_binomials(desk: Desk) -> None:
    binomials(desk.draws, desk.draws.all, len(desk.draws.all.index), 0)


@inlined
def heads_of(people: Any, i: int) -> int:
    """Everyone on the payroll."""
    reskilling = people[RESKILLING, i] + people[RESKILLING + 1, i] + people[RESKILLING + 2, i]
    return int(people[ACTIVE, i] + people[RAMPING, i] + reskilling)


@compiled
def adopted_everywhere(desk: Desk, stages: Any) -> None:
    """F_all of 4.1: adopted pairs of employee and Auto workload among all such pairs of the company."""
    share, adopted, pairs = desk.everywhere, desk.draws.all.slips[A], desk.draws.all.slips[B]
    adopted[:] = 0.0
    pairs[:] = 0.0
    for work in range(len(stages)):
        for i in range(len(share)):
            using = stages[work, LEARNING, i] + stages[work, PROFICIENT, i]
            adopted[i] += using
            pairs[i] += using + stages[work, NONE, i]
    for i in range(len(share)):
        share[i] = adopted[i] / max(pairs[i], 1.0)


@spliced
def adopt(model: Varied, desk: Desk, people: Any, stages: Any, event: Any, r: int, step: int) -> None:
    """4.1 and 4.2. Who adopts this month becomes proficient next month at the earliest, so L is drawn first."""
    role, slips, terms = model.roles[0, r], desk.draws.all.slips, desk.terms
    for work in range(role.first, role.last):
        if step <= model.works[0, work].begins:
            continue
        stage = stages[work]
        lay_work(model, desk, work)
        _take(stage[LEARNING], slips[B])
        lay_chance(slips, slips[B], terms[LEARN], len(model.works) == 1)
        seek_workload(desk, role, work, channels.LEARNING)
        draw_binomials(desk)
        _take_drawn(slips[K], slips[K_C])
        _lay_hazard(desk, people, stage)
        seek_workload(desk, role, work, channels.ADOPTION)
        draw_binomials(desk)
        _move_on(stage, slips[K], slips[K_C], event[ADOPTIONS])


@inlined
def _take(counts: Any, lane: Lane) -> None:
    for i in range(len(lane)):
        lane[i] = np.float64(counts[i])


@inlined
def _take_drawn(drawn: Lane, lane: Lane) -> None:
    for i in range(len(lane)):
        lane[i] = drawn[i]


@spliced
def _lay_hazard(desk: Desk, people: Any, stage: Any) -> None:
    """4.1: the probability of adopting this month."""
    slips, everywhere, terms = desk.draws.all.slips, desk.everywhere, desk.terms
    for i in range(len(everywhere)):
        present = people[ACTIVE, i] + people[RAMPING, i]
        here = np.float64(stage[LEARNING, i] + stage[PROFICIENT, i]) / np.float64(max(present, 1))
        seen = (1.0 - terms[MIXING, i]) * here + terms[MIXING, i] * everywhere[i]
        pressure = terms[INNOVATION, i] + terms[IMITATION, i] * seen
        stay = -terms[PACE, i] * pressure / 12.0
        slips[N, i], slips[STAY, i], slips[CHANCE, i] = np.float64(stage[NONE, i]), stay, -expm1(stay)


@spliced
def _move_on(stage: Any, adopting: Lane, proficient: Lane, adoptions: Lane) -> None:
    for i in range(len(adopting)):
        one, other = np.int32(adopting[i]), np.int32(proficient[i])
        stage[NONE, i] -= one
        stage[LEARNING, i] += one - other
        stage[PROFICIENT, i] += other
        adoptions[i] += adopting[i]


@spliced
def quit_voluntarily(model: Varied, desk: Desk, people: Any, stages: Any, event: Any, r: int) -> None:
    """4.3: everyone on the payroll, whatever the status."""
    role, leavers, same = model.roles[0, r], desk.draws.all.slips[DRAWS], len(model.roles) == 1
    leavers[:] = 0.0
    for status in range(2):
        _fall_by_chance(desk, people[ACTIVE + status], role, channels.QUIT_ACTIVE + status, desk.terms[QUIT], same)
        _add(desk.draws.all.slips[K], leavers)
    _add(leavers, event[QUITS])
    release(model, desk, stages, r, channels.QUIT_STAGES)
    if model.rules[0].redeployment:
        for step in range(RESKILLING_CLASSES):
            _fall_by_chance(
                desk, people[RESKILLING + step], role, channels.QUIT_RESKILLING + step, desk.terms[QUIT], same
            )
            _add(desk.draws.all.slips[K], event[QUITS])


@compiled
def _fall_by_chance(desk: Desk, counts: Any, role: Table, channel: int, chance: Lane, same: bool) -> None:
    """Each of `counts` goes with one probability; `K` says how many went."""
    _take(counts, desk.draws.all.slips[B])
    lay_chance(desk.draws.all.slips, desk.draws.all.slips[B], chance, same)
    seek(desk.draws.stream, role.index, channel)
    draw_binomials(desk)
    for i in range(len(counts)):
        counts[i] -= np.int32(desk.draws.all.slips[K, i])


@inlined
def _add(some: Lane, sums: Lane) -> None:
    for i in range(len(sums)):
        sums[i] += some[i]


@inlined
def _raise(counts: Any, some: Lane) -> None:
    for i in range(len(some)):
        counts[i] += np.int32(some[i])


@spliced
def mature(model: Varied, desk: Desk, people: Any, stages: Any, r: int) -> None:
    """4.4, both moves from the state before them: RAMPING to ACTIVE, RESKILLING to RAMPING."""
    rules, role, slips = model.rules[0], model.roles[0, r], desk.draws.all.slips
    _fall_by_chance(desk, people[RAMPING], role, channels.RAMPED, desk.terms[RAMPED], len(model.rules) == 1)
    _raise(people[ACTIVE], slips[K])
    if not rules.redeployment:
        return
    slips[DRAWS] = 0.0
    for step in range(RESKILLING_CLASSES):
        slips[C] = rules.reskilled[step]
        _fall_by_chance(desk, people[RESKILLING + step], role, channels.RESKILLED + step, slips[C], True)
        _add(slips[K], slips[DRAWS])
    _raise(people[RAMPING], slips[DRAWS])
    admit(model, desk, stages, r, channels.RESKILLED_STAGES)


@compiled
def admit(model: Varied, desk: Desk, stages: Any, r: int, kind: int) -> None:
    """4.9: the entrants in `DRAWS` take stages by the role's current shares, workload by workload."""
    role, slips = model.roles[0, r], desk.draws.all.slips
    if not slips[DRAWS].any():
        return
    for work in range(role.first, role.last):
        _take_stages(stages[work], slips)
        seek_workload(desk, role, work, kind)
        joining(desk.draws)
        for k in range(3):
            _raise(stages[work, k], slips[K_A + k])


@compiled
def release(model: Varied, desk: Desk, stages: Any, r: int, kind: int) -> None:
    """The stages that the leavers in `DRAWS`, a uniformly random set of the present, take along (section 8)."""
    role, slips = model.roles[0, r], desk.draws.all.slips
    if not slips[DRAWS].any():
        return
    for work in range(role.first, role.last):
        _take_stages(stages[work], slips)
        seek_workload(desk, role, work, kind)
        leaving(desk.draws)
        for k in range(3):
            for i in range(len(slips[K_A])):
                stages[work, k, i] -= np.int32(slips[K_A + k, i])


@inlined
def _take_stages(stage: Any, slips: Any) -> None:
    _take(stage[NONE], slips[A])
    _take(stage[LEARNING], slips[B])
    _take(stage[PROFICIENT], slips[C])


@compiled
def lay_time_needed(model: Varied, desk: Desk, stages: Any, r: int, time: Lane) -> None:
    """x_r: working time per output unit (4.5)."""
    terms = desk.terms
    time[:] = 0.0
    for work in range(model.roles[0, r].first, model.roles[0, r].last):
        share = model.works[0, work].time
        lay_work(model, desk, work)
        for i in range(len(time)):
            time[i] += share * automated_share(stages[work], i, terms[CUT, i], terms[SAVING, i])
    for i in range(len(time)):
        time[i] = max(terms[LEAST_TIME, i], 1.0 - time[i])


@inlined
def automated_share(stage: Any, i: int, cut: float, saving: float) -> float:
    """a_rw: the share of the workload's time that needs nobody now (4.5); 0 if nobody is present."""
    present = stage[NONE, i] + stage[LEARNING, i] + stage[PROFICIENT, i]
    return float(cut * (saving * stage[LEARNING, i] + stage[PROFICIENT, i]) / np.float64(max(present, 1)))


@spliced
def plan(model: Varied, desk: Desk, people: Any, stages: Any, event: Any, r: int) -> None:
    """4.5: how many people the remaining work needs, and the gap to those there are."""
    time, terms = desk.draws.all.slips[A], desk.terms
    lay_time_needed(model, desk, stages, r, time)
    for i in range(len(time)):
        event[REQUIRED, i] = required_heads(terms[DEMAND, i], time[i], terms[THRESHOLD, i])
    for i in range(len(time)):
        gap = event[REQUIRED, i] - heads_of(people, i)
        event[SURPLUS, i] = max(0.0, -gap)
        event[SHORTAGE, i] = max(0.0, gap)
        longer = people[SURPLUS_MONTHS, i] + 1
        people[SURPLUS_MONTHS, i] = longer if gap < 0.0 else 0


@spliced
def hire(model: Varied, desk: Desk, people: Any, stages: Any, event: Any, r: int) -> None:
    """4.7: vacancies up to the goal, each filled this month with one probability."""
    rules, vacancies, hires = model.rules[0], event[VACANCIES], event[HIRES]
    if rules.goal == NO_HIRING:
        return
    terms, to_required = desk.terms, rules.goal == TO_REQUIRED
    for i in range(len(vacancies)):
        required, original = event[REQUIRED, i], np.ceil(terms[DEMAND, i] - 1e-9)
        vacancies[i] = max(0.0, (required if to_required else original) - heads_of(people, i))
    lay_chance(desk.draws.all.slips, vacancies, terms[FILL], len(model.rules) == 1)
    seek(desk.draws.stream, model.roles[0, r].index, channels.HIRES)
    draw_binomials(desk)
    _take_drawn(desk.draws.all.slips[K], hires)
    _take_drawn(hires, desk.draws.all.slips[DRAWS])
    _raise(people[RAMPING], hires)
    admit(model, desk, stages, r, channels.HIRED_STAGES)


@spliced
def lay_off(model: Varied, desk: Desk, people: Any, stages: Any, event: Any, r: int) -> None:
    """4.8: a share of the surplus that has lasted longer than the patience."""
    role, slips, terms = model.roles[0, r], desk.draws.all.slips, desk.terms
    for i in range(len(slips[B])):
        surplus = event[SURPLUS, i]
        slips[B, i] = surplus if people[SURPLUS_MONTHS, i] > terms[PATIENCE, i] else 0.0
    if not slips[B].any():
        return
    lay_chance(slips, slips[B], terms[LAYOFF_SHARE], len(model.rules) == 1)
    seek(desk.draws.stream, role.index, channels.LAYOFFS)
    draw_binomials(desk)
    _take(people[ACTIVE], slips[A])
    _take(people[RAMPING], slips[B])
    for i in range(len(slips[K])):
        slips[DRAWS, i] = event[LAID_OFF, i] = min(slips[K, i], slips[A, i] + slips[B, i])
    seek(desk.draws.stream, role.index, channels.LAYOFFS_ACTIVE)
    draws, sheet, count = desk.draws, desk.draws.all, len(slips[K])
    uniforms(draws.stream, sheet.iterations, count, 0, slips[FIRST], slips[SECOND])
    hypergeometrics(draws, sheet, count, slips[FIRST], slips[A], slips[B], slips[DRAWS], slips[K])
    for i in range(len(slips[K])):
        people[ACTIVE, i] -= np.int32(slips[K, i])
        people[RAMPING, i] -= np.int32(slips[DRAWS, i] - slips[K, i])
    release(model, desk, stages, r, channels.LAID_OFF_STAGES)
