"""What the business does with workflows: build, edit, score, submit, validate, and remember who did it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from etter_common import etags
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.pagination import PageParams
from etter_common.responses import encode_page
from etter_core.occupations import service as occupations
from etter_core.roles import service as roles
from etter_core.roles.models import Role
from etter_core.scores.classification import impact_of
from etter_core.workflows import document, events, figures
from etter_core.workflows.building import Draft, DraftTask, DraftWorkload, build, skill_level_of
from etter_core.workflows.document import Document
from etter_core.workflows.errors import NothingToScore, NotScored, SharesDoNotSum, UnknownTasks
from etter_core.workflows.models import Workflow
from etter_core.workflows.repository import HistoryRepository, WorkflowRepository
from etter_core.workflows.schemas import SubmissionIn, ValidationIn, WorkflowCreate, WorkflowQuery, WorkloadIn

SHARE_TOLERANCE = 1e-6


async def create(ctx: Context, data: WorkflowCreate) -> Workflow:
    """A person describes a role's work; it is classed and scored at once. A second workflow of a role is refused."""
    draft = _by_person(data.workloads)
    role = await roles.get(ctx, data.role_id)
    workflow = await put(ctx, role, draft)
    await ctx.session.flush()
    return workflow


async def put(ctx: Context, role: Role, draft: Draft, *, existing: Workflow | None = None) -> Workflow:
    """Replace the role's workflow by what `draft` says, score it, remember it and announce the role's profile."""
    workflow = await _put(ctx, role, draft, existing)
    HistoryRepository(ctx).append(workflow.id, _verb(existing), draft.origin)
    return workflow


async def put_all(ctx: Context, drafts: Sequence[tuple[Role, Draft, Workflow | None]]) -> None:
    """`put` for many roles (with the workflow each has so far), with statements for all of them together."""
    lines = []
    for role, draft, existing in drafts:
        workflow = await _put(ctx, role, draft, existing)
        lines.append((workflow.id, _verb(existing), draft.origin))
    await ctx.session.flush()  # the history's foreign key wants the workflows first
    HistoryRepository(ctx).add_lines(lines)


async def _put(ctx: Context, role: Role, draft: Draft, existing: Workflow | None) -> Workflow:
    workflow = existing or WorkflowRepository(ctx).add(Workflow(id=new_id(), role_id=role.id, version=1))
    level = skill_level_of(await occupations.job_zone(ctx, role.occupation_code))
    workflow.source, workflow.source_ref, workflow.skills = draft.source, draft.source_ref, list(draft.skills)
    parts = build(draft, skill_level=level)
    workflow.workloads = document.write(parts)
    _rescore(workflow, parts)
    if existing is not None:
        await ctx.session.flush()  # the version grows
    await announce(ctx, workflow, role)
    return workflow


def _verb(existing: Workflow | None) -> str:
    return "edited" if existing else "created"


async def replace_workloads(
    ctx: Context, workflow_id: UUID, workloads: list[WorkloadIn], *, if_match: str | None
) -> Workflow:
    draft = _by_person(workloads)
    workflow, role = await WorkflowRepository(ctx).get_with_role(workflow_id, for_update=True)
    etags.require_match(if_match, workflow.version)
    return await put(ctx, role, draft, existing=workflow)


async def score(ctx: Context, workflow_id: UUID) -> Workflow:
    """Compute the etter score anew from the tasks as they stand."""
    workflow, role = await WorkflowRepository(ctx).get_with_role(workflow_id, for_update=True)
    if not workflow.workloads:
        raise NothingToScore
    _rescore(workflow, document.read(workflow.workloads))
    await ctx.session.flush()
    _remember(ctx, workflow, "scored", etter_score=workflow.etter_score)
    await announce(ctx, workflow, role)
    return workflow


async def submit(ctx: Context, workflow_id: UUID, data: SubmissionIn) -> Workflow:
    """Hand a scored workflow to the validators."""
    workflow, _ = await WorkflowRepository(ctx).get_with_role(workflow_id, for_update=True)
    if workflow.status not in ("scored", "submitted"):
        raise NotScored(status=workflow.status)
    workflow.status, workflow.submitted_by, workflow.submitted_at = "submitted", ctx.user_id, utc_now()
    await ctx.session.flush()
    _remember(ctx, workflow, "submitted", comment=data.comment)
    ctx.invalidate(events.stale(ctx.company_id))
    return workflow


async def validate(ctx: Context, workflow_id: UUID, data: ValidationIn, *, if_match: str | None) -> Workflow:
    """A person's review: their corrections give the validated score, the system's own score stays beside it."""
    workflow, role = await WorkflowRepository(ctx).get_with_role(workflow_id, for_update=True)
    etags.require_match(if_match, workflow.version)
    if workflow.etter_score is None:
        raise NotScored(status=workflow.status)
    parts = _corrected(document.read(workflow.workloads), data)
    workflow.workloads = document.write(parts)
    result = figures.scored(parts, reviewed=True)
    workflow.status, workflow.validated_score = "validated", result.value
    workflow.automate_share, workflow.augment_share = result.automate_share, result.augment_share
    workflow.freed_share = result.freed_share
    workflow.validated_by, workflow.validated_at = ctx.user_id, utc_now()
    await ctx.session.flush()
    _remember(
        ctx, workflow, "validated", etter_score=workflow.etter_score, validated_score=result.value,
        comment=data.comment, corrections=[c.model_dump(mode="json") for c in data.corrections],
    )  # fmt: skip
    await ctx.publish(events.score_validated(workflow, result.value, ctx.user_id))
    await announce(ctx, workflow, role)
    return workflow


async def delete(ctx: Context, workflow_id: UUID, *, if_match: str | None) -> None:
    """Remove the workflow; its role goes on with an empty profile, so that no simulation uses the old one."""
    workflows = WorkflowRepository(ctx)
    workflow, role = await workflows.get_with_role(workflow_id, for_update=True)
    etags.require_match(if_match, workflow.version)
    await workflows.delete(workflow)
    workflow.workloads, workflow.etter_score, workflow.validated_score = [], None, None
    workflow.version += 1
    await announce(ctx, workflow, role)


async def announce(ctx: Context, workflow: Workflow, role: Role) -> None:
    """Publish the role's whole profile and drop what is cached of the company's workflows."""
    if workflow.etter_score is not None and workflow.status == "scored":
        await ctx.publish(events.score_computed(workflow, workflow.etter_score))
    await ctx.publish(_published(workflow, role))
    ctx.invalidate(events.stale(ctx.company_id))


async def present(ctx: Context, after: UUID | None, limit: int) -> Sequence[tuple[UUID, Event]]:
    """The next published profiles as they are, to be told again (`events.snapshot`)."""
    found = await WorkflowRepository(ctx).after(after, limit)
    return [(workflow.id, _published(workflow, role)) for workflow, role in found]


def _published(workflow: Workflow, role: Role) -> Event:
    profile = figures.profile(document.read(workflow.workloads), reviewed=workflow.status == "validated")
    return events.workflow_published(workflow, role, profile)


async def refresh_profile(ctx: Context, role_id: UUID) -> None:
    """The role has changed (headcount, pay, title): announce its profile again, if its work is known."""
    workflows = await WorkflowRepository(ctx).of_roles([role_id])
    ctx.invalidate(events.stale(ctx.company_id))
    if workflow := workflows.get(role_id):
        await announce(ctx, workflow, await roles.get(ctx, role_id))


async def of_roles(ctx: Context, role_ids: list[UUID]) -> dict[UUID, Workflow]:
    return await WorkflowRepository(ctx).of_roles(role_ids)


async def get(ctx: Context, workflow_id: UUID) -> tuple[Workflow, Role]:
    return await WorkflowRepository(ctx).get_with_role(workflow_id)


async def list_page(ctx: Context, query: WorkflowQuery) -> bytes:
    return encode_page(await WorkflowRepository(ctx).list_page(query))


async def history_of(ctx: Context, workflow_id: UUID, params: PageParams) -> bytes:
    """The workflow's history, newest first; raises `WorkflowNotFound` for what is not the company's."""
    await WorkflowRepository(ctx).require(workflow_id)
    return encode_page(await HistoryRepository(ctx).of_workflow(workflow_id, params))


async def my_history(ctx: Context, params: PageParams) -> bytes:
    return encode_page(await HistoryRepository(ctx).of_user(ctx.user_id, params))


def _rescore(workflow: Workflow, parts: Document) -> None:
    """Set the system's score and shares; an earlier review no longer holds."""
    result = figures.scored(parts, reviewed=False)
    workflow.status, workflow.etter_score, workflow.scored_at = "scored", result.value, utc_now()
    workflow.automate_share, workflow.augment_share = result.automate_share, result.augment_share
    workflow.freed_share = result.freed_share
    workflow.validated_score = workflow.validated_by = workflow.validated_at = None
    workflow.submitted_by = workflow.submitted_at = None


def _corrected(parts: Document, data: ValidationIn) -> Document:
    """The document with the review's labels and no other; raises `UnknownTasks`."""
    known = {task.id for workload in parts for task in workload.tasks}
    unknown = [str(c.task_id) for c in data.corrections if c.task_id not in known]
    if unknown:
        raise UnknownTasks(f"not tasks of this workflow: {', '.join(unknown)}", unknown=unknown)
    given = {c.task_id: c for c in data.corrections}

    def reviewed(task: document.TaskPart) -> document.TaskPart:
        correction = given.get(task.id)
        impact = correction and correction.impact_class
        if correction and correction.exposure and not impact:  # another label has another consequence
            impact = impact_of(task.statement, correction.exposure).impact_class
        labels = {
            "reviewed_exposure": correction and correction.exposure,
            "reviewed_impact_class": impact,
            "review_comment": correction and correction.comment,
        }
        return task.model_copy(update=labels)

    return tuple(w.model_copy(update={"tasks": tuple(reviewed(t) for t in w.tasks)}) for w in parts)


def _remember(ctx: Context, workflow: Workflow, action: str, **detail: Any) -> None:
    HistoryRepository(ctx).append(workflow.id, action, {k: v for k, v in detail.items() if v is not None})


def _by_person(workloads: list[WorkloadIn]) -> Draft:
    total = sum(task.time_share for workload in workloads for task in workload.tasks)
    if abs(total - 1) > SHARE_TOLERANCE:
        raise SharesDoNotSum(f"the time shares sum to {total:.6g}, not 1", total=total)
    drafts = [
        DraftWorkload(
            name=workload.name,
            skill_level=workload.skill_level,
            tasks=[
                DraftTask(t.statement, t.time_share, t.exposure, "person" if t.exposure else "classifier")
                for t in workload.tasks
            ],
        )
        for workload in workloads
    ]
    return Draft("person", None, drafts)
