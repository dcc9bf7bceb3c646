"""Section 4.5 and what it stands on, for one role of one iteration as records."""

from __future__ import annotations

import numpy as np

from etter_simulation.engine.compiled import inlined
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
def required_heads(demand: float, time: float, threshold: float) -> float:
    """n*_r (4.5): people needed if each who stays keeps `threshold` output units of spare capacity."""
    original = np.ceil(demand - 1e-9)
    spare = 1.0 - threshold * time
    needed = np.ceil(demand * time / (spare if spare > 0.0 else 1.0) - 1e-9)
    fewer = min(original, needed)
    return float(fewer if spare > 0.0 else original)
