"""The rows the kernels work on: one record per role, Auto workload, pair of roles. Section 2 names what they mean."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

Table: TypeAlias = Any
"""A structured array: kernels read a field as an attribute (`roles[r].quit`), which numpy's own types cannot say."""

RULES = np.dtype(
    [
        ("p", "f8"), ("q", "f8"), ("mixing", "f8"),
        ("saving_while_learning", "f8"),
        ("threshold", "f8"), ("min_time_share", "f8"),
        ("goal", "i8"), ("fill", "f8"),
        ("ramped", "f8"), ("ramp_productivity", "f8"), ("reskilled", "f8", (3,)),
        ("redeployment", "i8"), ("redeployment_share", "f8"),
        ("layoffs", "i8"), ("patience", "i8"), ("layoff_share", "f8"),
        ("on_cost", "f8"), ("training", "f8"), ("licence", "f8"), ("hire", "f8"),
        ("reskill", "f8"), ("severance", "f8"),
        ("start_heads", "f8"), ("start_salary", "f8"),
    ]
)  # fmt: skip
"""One record. Probabilities are per month; money is in the smallest currency unit, `training` in years of pay."""

NO_HIRING, TO_REQUIRED, TO_ORIGINAL = 0, 1, 2

ROLE = np.dtype(
    [
        ("index", "i8"), ("count", "i8"), ("salary", "f8"), ("quit", "f8"),
        ("first", "i8"), ("last", "i8"), ("workloads", "i8"), ("auto_time", "f8"),
    ]
)  # fmt: skip
"""`index` addresses the role's random numbers; `first`..`last` are its rows among the Auto workloads."""

WORK = np.dtype([("time", "f8"), ("cut", "f8"), ("pace", "f8"), ("learn", "f8"), ("begins", "i8")])
"""An Auto workload: share of time, largest cut c_w, speed of adoption, monthly probability of becoming proficient, and
the month after which it can be adopted."""

PAIR = np.dtype([("source", "i8"), ("target", "i8"), ("distance", "f8"), ("step", "i8")])
"""A move that redeployment may make, in the order it is served; `step` is the class of reskilling."""

PEOPLE = np.dtype(
    [("active", "i4"), ("ramping", "i4"), ("reskilling", "i4", (3,)), ("surplus_months", "i4")]
)  # fmt: skip
STAGES = np.dtype([("none", "i4"), ("learning", "i4"), ("proficient", "i4")])
"""Present people of the role by adoption stage of one Auto workload: N, L, P."""

MONTH = np.dtype(
    [
        ("quits", "i8"), ("hires", "i8"), ("laid_off", "i8"), ("moved_in", "i8"), ("moved_out", "i8"),
        ("vacancies", "i8"), ("adoptions", "i8"), ("required", "i8"), ("surplus", "i8"), ("shortage", "i8"),
        ("available", "i8"), ("moving_cost", "f8"),
    ]
)  # fmt: skip
"""What happened to one role this month."""


class Model(NamedTuple):
    """A request made ready for the kernels; nothing in it changes during a run."""

    rules: Table
    roles: Table
    works: Table
    pairs: Table
    demand: Table
    """Output units per month, [month, role]."""
    capex: Table
    """Due by month, smallest currency unit."""
    planned: Table
    """The most people that may move, [month, pair]; no months: as many as there are."""


class Varied(NamedTuple):
    """As `Model`, with the iteration before every other index. A table that is the same in all has one row."""

    rules: Table
    roles: Table
    works: Table
    pairs: Table
    """[pair], those of the widest choice; an iteration may make the first `offered` of them."""
    offered: Table
    demand: Table
    capex: Table
    planned: Table


def in_every_iteration(model: Model) -> Varied:
    """The model that does not vary."""
    offered = np.full(1, len(model.pairs))
    return Varied(
        model.rules, model.roles[None], model.works[None], model.pairs, offered, model.demand[None], *model[5:]
    )


class State(NamedTuple):
    """Where iterations stand: [iteration, role] and [iteration, Auto workload]."""

    people: Table
    stages: Table
    money: Table
    """[iteration, 2]: cumulative one-off cost and cumulative net."""


def start(model: Model, iterations: int) -> State:
    """Month 0: everyone ACTIVE, nothing adopted."""
    people = np.zeros((iterations, len(model.roles)), dtype=PEOPLE)
    stages = np.zeros((iterations, len(model.works)), dtype=STAGES)
    people["active"] = model.roles["count"]
    for role in model.roles:
        stages["none"][:, role["first"] : role["last"]] = role["count"]
    return State(people, stages, np.zeros((iterations, 2), dtype=np.int64))
