"""Sections 4.5 and 4.9, and the moves of adoption stages that every change of people brings."""

from __future__ import annotations

import math

from etter_simulation.engine.channels import PER_WORKLOAD, STRIDE
from etter_simulation.engine.compiled import inlined
from etter_simulation.engine.philox import Stream, seek
from etter_simulation.engine.samplers import joining, leaving
from etter_simulation.engine.tables import Model, Table


@inlined
def present_of(person: Table) -> int:
    """ACTIVE and RAMPING."""
    return int(person.active + person.ramping)


@inlined
def heads_of(person: Table) -> int:
    """Everyone on the payroll."""
    reskilling = person.reskilling[0] + person.reskilling[1] + person.reskilling[2]
    return int(person.active + person.ramping + reskilling)


@inlined
def seek_workload(stream: Stream, role: Table, work: int, kind: int) -> None:
    """Point at one draw of one Auto workload, `work` being its row."""
    seek(stream, role.index, PER_WORKLOAD + STRIDE * (work - role.first) + kind)


@inlined
def automated_share(model: Model, stage: Table, work: int) -> float:
    """a_rw: the share of the workload's time that needs nobody now (4.5)."""
    present = stage.none + stage.learning + stage.proficient
    if present == 0:
        return 0.0
    saving = model.rules[0].saving_while_learning
    return float(model.works[work].cut * (saving * stage.learning + stage.proficient) / present)


@inlined
def time_needed(model: Model, stages: Table, r: int) -> float:
    """x_r: working time per output unit (4.5)."""
    saved = 0.0
    for work in range(model.roles[r].first, model.roles[r].last):
        saved += model.works[work].time * automated_share(model, stages[work], work)
    return float(max(model.rules[0].min_time_share, 1.0 - saved))


@inlined
def required_heads(demand: float, time: float, threshold: float) -> int:
    """n*_r (4.5): people needed if each who stays keeps `threshold` output units of spare capacity."""
    original = math.ceil(demand - 1e-9)
    spare = 1.0 - threshold * time
    if spare <= 0.0:
        return int(original)
    return int(min(original, math.ceil(demand * time / spare - 1e-9)))


@inlined
def admit(model: Model, stream: Stream, stages: Table, r: int, entrants: int, kind: int) -> None:
    """4.9: entrants take stages by the role's current shares, workload by workload."""
    if entrants == 0:
        return
    role = model.roles[r]
    for work in range(role.first, role.last):
        stage = stages[work]
        seek_workload(stream, role, work, kind)
        none, learning, proficient = joining(stream, entrants, stage.none, stage.learning, stage.proficient)
        stage.none += none
        stage.learning += learning
        stage.proficient += proficient


@inlined
def release(model: Model, stream: Stream, stages: Table, r: int, leavers: int, kind: int) -> None:
    """The stages that a uniformly random set of `leavers` among the present takes along (section 8)."""
    if leavers == 0:
        return
    role = model.roles[r]
    for work in range(role.first, role.last):
        stage = stages[work]
        seek_workload(stream, role, work, kind)
        none, learning, proficient = leaving(stream, leavers, stage.none, stage.learning, stage.proficient)
        stage.none -= none
        stage.learning -= learning
        stage.proficient -= proficient
