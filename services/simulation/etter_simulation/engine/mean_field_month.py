"""Section 4 in expectation: one month of all cases and roles at once, in MODEL.md's order.

Counts are real numbers. Ceilings stay those of the document: n* and the goal of hiring are whole posts, and so are the
people that redeployment makes available, though never more than the surplus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from etter_simulation.engine.mean_field_tables import Crowd, Floats, Numbers
from etter_simulation.engine.tables import NO_HIRING, TO_REQUIRED, Model

ROUNDING: Final = 1e-9
BLOCK: Final = 256
"""Pairs looked at before those that can no longer be served are taken out."""


@dataclass
class Flows:
    """What happened in one month, [case, role]."""

    adoptions: Floats
    quits: Floats
    vacancies: Floats
    hires: Floats
    laid_off: Floats
    moved_in: Floats
    moved_out: Floats
    moving_cost: Floats

    @classmethod
    def none(cls, numbers: Numbers) -> Flows:
        return cls(*np.zeros((8, *numbers.count.shape)))


@dataclass
class _Gap:
    required: Floats
    surplus: Floats
    shortage: Floats


def play_month(numbers: Numbers, crowd: Crowd, step: int) -> Flows:
    """Move `crowd` from month `step` - 1 to `step`."""
    flows = Flows.none(numbers)
    flows.adoptions = _adopt(numbers, crowd, step)  # 4.1, 4.2
    flows.quits = _quit(numbers, crowd)  # 4.3
    crowd.forget_where_nobody_is()
    _mature(numbers, crowd)  # 4.4
    gap = _plan(numbers, crowd, step)  # 4.5
    if any(len(model.pairs) for model in numbers.models):
        _redeploy(numbers, crowd, gap, flows, step)  # 4.6
        crowd.forget_where_nobody_is()
    _hire(numbers, crowd, gap, flows, step)  # 4.7
    _lay_off(numbers, crowd, gap, flows)  # 4.8
    crowd.forget_where_nobody_is()
    return flows


def automated_shares(numbers: Numbers, crowd: Crowd) -> Floats:
    """a_rw of 4.5, [case, role, Auto workload]."""
    saving = numbers.rules["saving_while_learning"][:, :, None]
    shares: Floats = numbers.cut * (saving * crowd.adopted + (1.0 - saving) * crowd.proficient)
    return shares


def time_needed(numbers: Numbers, shares: Floats) -> Floats:
    """x_r of 4.5."""
    needed: Floats = np.maximum(numbers.rules["min_time_share"], 1.0 - (numbers.time * shares).sum(axis=-1))
    return needed


def _adopt(numbers: Numbers, crowd: Crowd, step: int) -> Floats:
    p, q, mixing = (numbers.rules[name][:, :, None] for name in ("p", "q", "mixing"))
    seen = crowd.adopted
    if mixing.any():
        seen = (1.0 - mixing) * seen + mixing * _adopted_everywhere(numbers, crowd)
    pace = np.where(numbers.begins < step, numbers.pace, 0.0)
    adopting = -np.expm1(-pace * (p + q * seen) / 12.0) * (1.0 - crowd.adopted)
    crowd.proficient += numbers.learn * (crowd.adopted - crowd.proficient)
    crowd.adopted += adopting
    adoptions: Floats = adopting.sum(axis=-1) * crowd.present
    return adoptions


def _adopted_everywhere(numbers: Numbers, crowd: Crowd) -> Floats:
    present = crowd.present
    adopted = (present * crowd.adopted.sum(axis=-1)).sum(axis=-1)
    pairs = (present * numbers.works).sum(axis=-1)
    share: Floats = np.divide(adopted, pairs, out=np.zeros_like(adopted), where=pairs > 0.0)
    return share[:, None, None]


def _quit(numbers: Numbers, crowd: Crowd) -> Floats:
    quits, stay = numbers.quit * crowd.heads, 1.0 - numbers.quit
    crowd.active *= stay
    crowd.ramping *= stay
    crowd.reskilling *= stay[:, :, None]
    return quits


def _mature(numbers: Numbers, crowd: Crowd) -> None:
    ramped = crowd.ramping * numbers.rules["ramped"]
    reskilled = crowd.reskilling * numbers.rules["reskilled"]
    crowd.reskilling -= reskilled
    crowd.active += ramped
    crowd.ramping += reskilled.sum(axis=-1) - ramped


def _plan(numbers: Numbers, crowd: Crowd, step: int) -> _Gap:
    demand, heads = numbers.demand[step], crowd.heads
    needed = time_needed(numbers, automated_shares(numbers, crowd))
    spare = 1.0 - numbers.rules["threshold"] * needed
    consolidated = np.divide(demand * needed, spare, out=np.full_like(demand, np.inf), where=spare > 0.0)
    required = np.ceil(np.minimum(demand, consolidated) - ROUNDING)
    surplus = np.maximum(0.0, heads - required)
    crowd.surplus_months = np.where(surplus > ROUNDING, crowd.surplus_months + 1.0, 0.0)
    return _Gap(required, surplus, np.maximum(0.0, required - heads))


def _redeploy(numbers: Numbers, crowd: Crowd, gap: _Gap, flows: Flows, step: int) -> None:
    share = numbers.rules["redeployment_share"]
    available = np.minimum(np.ceil(share * gap.surplus - ROUNDING), np.minimum(gap.surplus, crowd.active))
    for case, model in enumerate(numbers.models):
        movable, wanted = available[case].copy(), gap.shortage[case].copy()
        for at in _open_pairs(model, movable, wanted):
            pair = model.pairs[at]
            a, b = pair["source"], pair["target"]
            movers = min(movable[a], wanted[b])
            if len(model.planned):
                movers = min(movers, model.planned[step, at])
            movable[a] -= movers
            wanted[b] -= movers
            crowd.reskilling[case, b, pair["step"]] += movers
            flows.moved_out[case, a] += movers
            flows.moved_in[case, b] += movers
            flows.moving_cost[case, b] += movers * model.rules["reskill"][0] * (0.5 + pair["distance"])
    crowd.active -= flows.moved_out
    gap.surplus -= flows.moved_out


def _open_pairs(model: Model, movable: Floats, wanted: Floats) -> Iterator[int]:
    """Pairs whose roles still have people to give and to take, in the order they are served; both change meanwhile."""
    source, target = model.pairs["source"], model.pairs["target"]
    left = np.arange(len(model.pairs))
    while len(left):
        left = left[(movable[source[left]] > ROUNDING) & (wanted[target[left]] > ROUNDING)]
        for at in left[:BLOCK]:
            if movable[source[at]] > ROUNDING and wanted[target[at]] > ROUNDING:
                yield int(at)
        left = left[BLOCK:]


def _hire(numbers: Numbers, crowd: Crowd, gap: _Gap, flows: Flows, step: int) -> None:
    goal = numbers.rules["goal"]
    posts = np.where(goal == TO_REQUIRED, gap.required, np.ceil(numbers.demand[step] - ROUNDING))
    open_posts = np.maximum(0.0, posts - crowd.heads)
    flows.vacancies = np.where(goal == NO_HIRING, 0.0, open_posts)
    flows.hires = flows.vacancies * numbers.rules["fill"]
    crowd.ramping += flows.hires


def _lay_off(numbers: Numbers, crowd: Crowd, gap: _Gap, flows: Flows) -> None:
    due = (numbers.rules["layoffs"] > 0) & (crowd.surplus_months > numbers.rules["patience"])
    present = crowd.present
    cut = np.where(due, np.minimum(numbers.rules["layoff_share"] * gap.surplus, present), 0.0)
    stay = 1.0 - np.divide(cut, present, out=np.zeros_like(cut), where=present > 0.0)
    crowd.active *= stay
    crowd.ramping *= stay
    flows.laid_off = cut
