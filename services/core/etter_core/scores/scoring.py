"""The etter score: how much of a role's working time today's AI could take over at most, 0..100.

Each task adds `100 x time share x weight of its impact class`; nothing else goes in, so the tasks' points sum to the
score. The weights follow the exposure rubric of Eloundou, Manning, Mishkin and Rock (2023, arXiv 2303.10130; Science
384, 2024): an exposed task takes at most half its time with AI (augment), and all of it when nobody is needed in the
loop (automate). It is an upper bound under the labels given, not a forecast.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

Exposure = Literal["E0", "E1", "E2"]
ImpactClass = Literal["automate", "augment", "human"]

WEIGHTS: Final[Mapping[str, float]] = {"automate": 1.0, "augment": 0.5, "human": 0.0}
PRODUCTIVE_HOURS: Final = 1880
"""Hours one full-time person works a year: the 2,080 paid hours by which BLS OEWS turns hourly into annual wages, less
25 days of leave and public holidays (our assumption)."""

MAX_SCORE: Final = 100.0


@dataclass(frozen=True)
class ScoredTask:
    """`time_share` of the role's working time, 0..1; the shares of a role sum to 1."""

    key: UUID
    time_share: float
    exposure: Exposure
    impact_class: ImpactClass


@dataclass(frozen=True)
class Score:
    """`value` 0..100 is exactly the sum of `contributions`; the shares are of working time, 0..1."""

    value: float
    contributions: Mapping[UUID, float]
    automate_share: float
    augment_share: float
    human_share: float
    freed_share: float


def impact_saving(impact_class: str) -> float:
    """The largest share of a task's time that its impact class lets go."""
    return WEIGHTS[impact_class]


def score(tasks: Iterable[ScoredTask]) -> Score:
    """The score of one role's tasks, in any order; shares that do not sum to 1 are scaled first."""
    tasks = list(tasks)
    total = math.fsum(task.time_share for task in tasks)
    shares = {task.key: task.time_share / total for task in tasks} if total > 0 else {}
    contributions = {
        task.key: MAX_SCORE * shares.get(task.key, 0.0) * impact_saving(task.impact_class) for task in tasks
    }
    value = min(MAX_SCORE, math.fsum(contributions.values()))
    by_class = {
        name: math.fsum(shares.get(task.key, 0.0) for task in tasks if task.impact_class == name) for name in WEIGHTS
    }
    return Score(
        value=value,
        contributions=contributions,
        automate_share=by_class["automate"],
        augment_share=by_class["augment"],
        human_share=by_class["human"],
        freed_share=value / MAX_SCORE,
    )
