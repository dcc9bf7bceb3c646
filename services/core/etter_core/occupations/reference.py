"""A reference occupation as every source gives it, before it is stored. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from etter_core.scores.scoring import Exposure


@dataclass(frozen=True)
class ReferenceTask:
    """`label_source`: who gave the exposure label, `classifier` when ours did."""

    statement: str
    time_share: float
    exposure: Exposure
    label_source: str


@dataclass(frozen=True)
class ReferenceSkill:
    name: str
    importance: float


@dataclass(frozen=True)
class Reference:
    """One occupation with all that is known of it. Task shares sum to 1; an occupation may have no tasks."""

    code: str
    title: str
    description: str
    job_zone: int | None = None
    median_wage: int | None = None
    wage_source: str | None = None
    titles: tuple[str, ...] = ()
    tasks: tuple[ReferenceTask, ...] = ()
    skills: tuple[ReferenceSkill, ...] = ()


@dataclass(frozen=True)
class Work:
    """What an occupation's people do, for a role nobody has described."""

    tasks: tuple[ReferenceTask, ...]
    skills: tuple[str, ...] = field(default=())
