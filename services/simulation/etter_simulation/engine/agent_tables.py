"""The agent engine's rows: slots of employees, and how one person enters, leaves and draws."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from etter_simulation.engine.channels import PER_WORKLOAD, PERSON_STAGE, STRIDE
from etter_simulation.engine.compiled import inlined
from etter_simulation.engine.philox import BLOCK, USED, Stream, fill_block, seek, uniform
from etter_simulation.engine.tables import Model, Table

NOBODY, ACTIVE, RAMPING, RESKILLING = 0, 1, 2, 3
"""Statuses of section 2; RESKILLING and the two numbers above it are its classes. Who left leaves a free slot."""
NOT_ADOPTED, LEARNING, PROFICIENT = 0, 1, 2

PLACE: Final = np.dtype([("first", "i8"), ("last", "i8"), ("stages", "i8")])
"""A role's slots are `first`..`last`; `stages` is where its first slot's stages begin."""


class Crew(NamedTuple):
    """One iteration's employees. `people` and `stages` count them and are kept in step with every single change."""

    places: Table
    status: Table
    stage: Table
    people: Table
    stages: Table
    frozen: Table
    """Scratch: N, L, P by Auto workload as they were before entrants."""
    chosen: Table
    """Scratch: slots."""


@inlined
def number_of(stream: Stream, role: int, channel: int, block: int, at: int) -> float:
    """Number `at` (0 or 1) of one block: a draw with an address of its own."""
    seek(stream, role, channel)
    stream[BLOCK] = np.uint64(block)
    fill_block(stream)
    stream[USED] = np.uint64(2 * at)
    return uniform(stream)


@inlined
def stage_channel(work: int) -> int:
    """Of one Auto workload, `work` counted within the role. Number 0: adoption or learning. 1: stage of an entrant."""
    return PER_WORKLOAD + STRIDE * work + PERSON_STAGE


@inlined
def first_cell(model: Model, crew: Crew, r: int, slot: int) -> int:
    """Where the stages of the person in `slot` begin."""
    place, role = crew.places[r], model.roles[r]
    return int(place.stages + (slot - place.first) * (role.last - role.first))


@inlined
def is_present(status: int) -> bool:
    return ACTIVE <= status <= RAMPING


@inlined
def count_status(person: Table, status: int, change: int) -> None:
    if status == ACTIVE:
        person.active += change
    elif status == RAMPING:
        person.ramping += change
    elif status >= RESKILLING:
        person.reskilling[status - RESKILLING] += change


@inlined
def count_stage(counts: Table, stage: int, change: int) -> None:
    if stage == NOT_ADOPTED:
        counts.none += change
    elif stage == LEARNING:
        counts.learning += change
    else:
        counts.proficient += change


@inlined
def become(crew: Crew, r: int, slot: int, status: int) -> None:
    """Another status for whoever is in `slot`; stages are the caller's."""
    count_status(crew.people[r], crew.status[slot], -1)
    crew.status[slot] = status
    count_status(crew.people[r], status, 1)


@inlined
def leave(model: Model, crew: Crew, r: int, slot: int) -> None:
    """Off the role, with all stages."""
    role, cell = model.roles[r], first_cell(model, crew, r, slot)
    if is_present(crew.status[slot]):
        for work in range(role.last - role.first):
            count_stage(crew.stages[role.first + work], crew.stage[cell + work], -1)
    become(crew, r, slot, NOBODY)


@inlined
def freeze(model: Model, crew: Crew, r: int) -> None:
    """Keep the role's current shares: entrants of one event do not look at each other (4.9)."""
    for work in range(model.roles[r].first, model.roles[r].last):
        counts = crew.stages[work]
        crew.frozen[work, 0], crew.frozen[work, 1] = counts.none, counts.learning
        crew.frozen[work, 2] = counts.proficient


@inlined
def enter(model: Model, stream: Stream, crew: Crew, r: int, slot: int) -> None:
    """RAMPING in `slot`, with stages drawn from the frozen shares; all N if nobody was present (4.9)."""
    role, cell = model.roles[r], first_cell(model, crew, r, slot)
    become(crew, r, slot, RAMPING)
    for work in range(role.last - role.first):
        none, learning, proficient = crew.frozen[role.first + work]
        point = number_of(stream, role.index, stage_channel(work), slot - crew.places[r].first, 1)
        point *= none + learning + proficient
        stage = NOT_ADOPTED
        if point >= none and learning + proficient > 0:
            stage = LEARNING if point < none + learning else PROFICIENT
        crew.stage[cell + work] = stage
        count_stage(crew.stages[role.first + work], stage, 1)


@inlined
def free_slot(crew: Crew, after: int) -> int:
    """The first free slot from `after` on; by property S3 there is one within the role."""
    slot = after
    while crew.status[slot] != NOBODY:
        slot += 1
    return slot


@inlined
def choose(
    stream: Stream, crew: Crew, role: Table, r: int, highest: int, channel: int, first: int, wanted: int
) -> None:
    """Put a uniformly random set of `wanted` people with a status of ACTIVE to `highest` first in `crew.chosen`.

    Fisher and Yates, stopped early; `first` is the block of the first draw.
    """
    found = 0
    for slot in range(crew.places[r].first, crew.places[r].last):
        if ACTIVE <= crew.status[slot] <= highest:
            crew.chosen[found] = slot
            found += 1
    for k in range(wanted):
        other = k + int(number_of(stream, role.index, channel, first + k, 0) * (found - k))
        crew.chosen[k], crew.chosen[other] = crew.chosen[other], crew.chosen[k]
