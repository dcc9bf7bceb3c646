"""What workflows announce, and the tags their changes make stale."""

from __future__ import annotations

from uuid import UUID

from etter_common.cache import tag
from etter_common.events.contracts.core import ProfileWorkload, ScoreComputed, ScoreValidated, WorkflowPublished
from etter_common.events.envelope import Event
from etter_core.roles.models import Role
from etter_core.workflows.figures import WorkloadFigures
from etter_core.workflows.models import Workflow


def stale(company_id: UUID) -> str:
    """The tag of everything cached that shows a company's workflows, scores or dashboard."""
    return tag(company_id, "workflows")


def workflow_published(workflow: Workflow, role: Role, workloads: list[WorkloadFigures]) -> Event:
    """The whole role profile. Its version orders changes of the role and of the workflow alike."""
    payload = WorkflowPublished(
        workflow_id=workflow.id,
        role_id=role.id,
        title=role.title,
        department=role.department or None,
        headcount=role.headcount,
        salary=role.salary,
        currency=role.currency,
        etter_score=workflow.etter_score,
        validated_score=workflow.validated_score,
        workloads=[
            ProfileWorkload(name=w.name, type=w.type, skill=w.skill_level, time=w.time_share, ceiling=w.ceiling)
            for w in workloads
        ],
        version=role.version + workflow.version,
    )
    return Event.of(payload, company_id=role.company_id, aggregate_id=role.id)


def score_computed(workflow: Workflow, score: float) -> Event:
    payload = ScoreComputed(workflow_id=workflow.id, role_id=workflow.role_id, etter_score=score)
    return Event.of(payload, company_id=workflow.company_id, aggregate_id=workflow.role_id)


def score_validated(workflow: Workflow, score: float, user_id: UUID) -> Event:
    payload = ScoreValidated(workflow_id=workflow.id, role_id=workflow.role_id, validated_score=score, user_id=user_id)
    return Event.of(payload, company_id=workflow.company_id, aggregate_id=workflow.role_id)
