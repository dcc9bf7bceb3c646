"""Builds a workflow's document from what a document, an occupation or a person gives. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from etter_common.ids import new_id
from etter_core.scores.classification import classify, impact_of
from etter_core.scores.scoring import Exposure
from etter_core.workflows.document import Document, TaskPart, WorkloadPart

DEFAULT_SKILL_LEVEL = 0.5
_SKILL_BY_JOB_ZONE = {1: 0.1, 2: 0.3, 3: 0.5, 4: 0.7, 5: 0.9}


@dataclass(frozen=True)
class DraftTask:
    """`exposure` is a label that is already known (reference data, a person); else the classifier decides."""

    statement: str
    time_share: float | None = None
    exposure: Exposure | None = None
    label_source: str = "classifier"
    fact_id: UUID | None = None


@dataclass(frozen=True)
class DraftWorkload:
    name: str
    tasks: Sequence[DraftTask]
    skill_level: float | None = None


@dataclass(frozen=True)
class Draft:
    """All of a role's work as somebody described it."""

    source: str
    source_ref: str | None
    workloads: Sequence[DraftWorkload]
    skills: Sequence[str] = field(default_factory=tuple)

    @property
    def origin(self) -> dict[str, str]:
        """For the history: who or what described the work."""
        return {"source": self.source, **({"source_ref": self.source_ref} if self.source_ref else {})}


def skill_level_of(job_zone: int | None) -> float:
    """How demanding the work is, 0..1, from the O*NET job zone (1: little preparation … 5: extensive)."""
    return _SKILL_BY_JOB_ZONE.get(job_zone or 0, DEFAULT_SKILL_LEVEL)


def shares(tasks: Sequence[DraftTask]) -> list[float]:
    """Time shares that sum to 1: what is stated counts, the rest is spread evenly over tasks without a share.

    Statements that leave nothing for the others (or exceed 1) are scaled, so that every task keeps some time.
    """
    stated = [task.time_share for task in tasks]
    known = sum(share for share in stated if share is not None)
    missing = sum(share is None for share in stated)
    rest = max(1.0 - known, 0.0)
    each = rest / missing if missing and rest > 0 else (known / max(len(tasks) - missing, 1) if missing else 0.0)
    raw = [share if share is not None else each for share in stated]
    total = sum(raw) or 1.0
    return [share / total for share in raw]


def build(draft: Draft, *, skill_level: float) -> Document:
    """The classed document; identical input gives an identical one but for its ids."""
    tasks = [task for workload in draft.workloads for task in workload.tasks]
    portions = iter(shares(tasks))
    return tuple(
        WorkloadPart(
            id=new_id(),
            name=workload.name,
            skill_level=workload.skill_level if workload.skill_level is not None else skill_level,
            tasks=tuple(_task(task, next(portions)) for task in workload.tasks),
        )
        for workload in draft.workloads
        if workload.tasks
    )


def _task(draft: DraftTask, time_share: float) -> TaskPart:
    label = classify(draft.statement) if draft.exposure is None else impact_of(draft.statement, draft.exposure)
    return TaskPart(
        id=new_id(),
        statement=draft.statement,
        time_share=time_share,
        exposure=label.exposure,
        impact_class=label.impact_class,
        confidence=label.confidence,
        label_source=draft.label_source,
        reasons=tuple(label.reasons),
        fact_id=draft.fact_id,
    )
