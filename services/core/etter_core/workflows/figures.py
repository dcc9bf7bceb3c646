"""What follows from a workflow's tasks: its score and the figures of its workloads. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from etter_core.scores.scoring import Score, ScoredTask, impact_saving, score
from etter_core.workflows.document import Document, TaskPart, WorkloadPart

AUTO_FROM_EXPOSED_SHARE = 0.5
"""A workload counts as Auto when at least half of its time is in tasks classed automate or augment."""


@dataclass(frozen=True)
class WorkloadFigures:
    """A workload as the dashboard and the simulation see it."""

    name: str
    skill_level: float
    time_share: float
    type: Literal["Auto", "Non-Auto"]
    ceiling: float


def scored(document: Document, *, reviewed: bool) -> Score:
    """From the system's own labels; with `reviewed` a person's labels where they gave some."""
    return score([scored_task(task, reviewed=reviewed) for workload in document for task in workload.tasks])


def workload_figures(workload: WorkloadPart, *, reviewed: bool) -> WorkloadFigures:
    """`ceiling` is the share of the workload's time that its tasks' impact classes let go at most."""
    tasks = [scored_task(task, reviewed=reviewed) for task in workload.tasks]
    time = sum(task.time_share for task in tasks)
    exposed = sum(task.time_share for task in tasks if task.impact_class != "human")
    saved = sum(task.time_share * impact_saving(task.impact_class) for task in tasks)
    return WorkloadFigures(
        name=workload.name,
        skill_level=workload.skill_level,
        time_share=time,
        type="Auto" if time and exposed / time >= AUTO_FROM_EXPOSED_SHARE else "Non-Auto",
        ceiling=min(1.0, saved / time) if time else 0.0,
    )


def profile(document: Document, *, reviewed: bool) -> list[WorkloadFigures]:
    """The workloads for the simulation: names made unique, shares scaled to sum to 1."""
    figures = [workload_figures(workload, reviewed=reviewed) for workload in document]
    total = sum(f.time_share for f in figures)
    seen: dict[str, int] = {}
    unique = []
    for f in figures:
        seen[f.name] = number = seen.get(f.name, 0) + 1
        name = f.name if number == 1 else f"{f.name} ({number})"
        unique.append(replace(f, name=name, time_share=f.time_share / total))
    return unique


def scored_task(task: TaskPart, *, reviewed: bool) -> ScoredTask:
    exposure = (reviewed and task.reviewed_exposure) or task.exposure
    impact = (reviewed and task.reviewed_impact_class) or task.impact_class
    return ScoredTask(key=task.id, time_share=task.time_share, exposure=exposure, impact_class=impact)
