"""The shapes clients see of a workflow, made from its row and document. No I/O."""

from __future__ import annotations

from typing import Any

from etter_core.roles.models import Role
from etter_core.workflows import document, figures
from etter_core.workflows.document import WorkloadPart
from etter_core.workflows.models import Workflow


def whole(workflow: Workflow) -> dict[str, Any]:
    """`WorkflowOut`."""
    parts = document.read(workflow.workloads)
    reviewed = workflow.status == "validated"
    return {
        "id": workflow.id,
        "role_id": workflow.role_id,
        "status": workflow.status,
        "source": workflow.source,
        "source_ref": workflow.source_ref,
        "skills": workflow.skills,
        "etter_score": workflow.etter_score,
        "validated_score": workflow.validated_score,
        "workloads": [_workload(part, reviewed=reviewed) for part in parts],
        "version": workflow.version,
        "created_at": workflow.created_at,
        "updated_at": workflow.updated_at,
    }


def score(workflow: Workflow) -> dict[str, Any]:
    """`ScoreOut`: the system's score with what each task adds to it."""
    parts = document.read(workflow.workloads)
    result = figures.scored(parts, reviewed=False)
    return {
        "workflow_id": workflow.id,
        "score": result.value,
        "validated_score": workflow.validated_score,
        "automate_share": result.automate_share,
        "augment_share": result.augment_share,
        "human_share": result.human_share,
        "freed_share": result.freed_share,
        "contributions": [
            {
                "task_id": task.id,
                "statement": task.statement,
                "time_share": task.time_share,
                "exposure": task.exposure,
                "impact_class": task.impact_class,
                "points": result.contributions[task.id],
                "reasons": task.reasons,
            }
            for workload in parts
            for task in workload.tasks
        ],
    }


def metadata(workflow: Workflow, role: Role) -> dict[str, Any]:
    """`MetadataOut`."""
    parts = document.read(workflow.workloads)
    return {
        "workflow_id": workflow.id,
        "role_id": role.id,
        "role_title": role.title,
        "department": role.department,
        "headcount": role.headcount,
        "occupation_code": role.occupation_code,
        "status": workflow.status,
        "source": workflow.source,
        "source_ref": workflow.source_ref,
        "workloads": len(parts),
        "tasks": sum(len(part.tasks) for part in parts),
        "skills": workflow.skills,
        "version": workflow.version,
        "updated_at": workflow.updated_at,
    }


def _workload(part: WorkloadPart, *, reviewed: bool) -> dict[str, Any]:
    own = figures.workload_figures(part, reviewed=reviewed)
    return {
        "id": part.id,
        "name": part.name,
        "skill_level": part.skill_level,
        "time_share": own.time_share,
        "type": own.type,
        "ceiling": own.ceiling,
        "tasks": [task.model_dump() for task in part.tasks],
    }
