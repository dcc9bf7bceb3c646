"""What crosses the wire about workflows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from etter_common.inputs import note, text
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema
from etter_core.scores.scoring import Exposure, ImpactClass

Status = Literal["draft", "scored", "submitted", "validated"]
Share = Annotated[float, Field(gt=0, le=1)]
Text = Annotated[str, text(2000)]
Comment = Annotated[str, note(2000)]
MAX_WORKLOADS, MAX_TASKS = 50, 500


class TaskIn(Schema):
    statement: Text
    time_share: Share = Field(description="of the role's working time")
    exposure: Exposure | None = Field(default=None, description="left out: the system classes the task")


class WorkloadIn(Schema):
    name: Annotated[str, text(200)]
    skill_level: float | None = Field(default=None, ge=0, le=1, description="left out: from the occupation's job zone")
    tasks: list[TaskIn] = Field(min_length=1, max_length=MAX_TASKS)


class WorkloadsIn(Schema):
    workloads: list[WorkloadIn] = Field(min_length=1, max_length=MAX_WORKLOADS)


class WorkflowCreate(Schema):
    role_id: UUID
    workloads: list[WorkloadIn] = Field(min_length=1, max_length=MAX_WORKLOADS)


class TaskOut(Schema):
    id: UUID
    statement: str
    time_share: float
    exposure: Exposure
    impact_class: ImpactClass
    confidence: float = Field(description="0..1, of the exposure label")
    label_source: str
    reasons: list[str]
    reviewed_exposure: Exposure | None
    reviewed_impact_class: ImpactClass | None
    review_comment: str | None
    fact_id: UUID | None = Field(description="the extracted fact this came from")


class WorkloadOut(Schema):
    id: UUID
    name: str
    skill_level: float
    time_share: float
    type: Literal["Auto", "Non-Auto"]
    ceiling: float = Field(description="largest share of this workload that can be automated, 0..1")
    tasks: list[TaskOut]


class WorkflowOut(Schema):
    id: UUID
    role_id: UUID
    status: Status
    source: Literal["document", "occupation", "person"]
    source_ref: str | None
    skills: list[str]
    etter_score: float | None = Field(description="0..100")
    validated_score: float | None = Field(description="0..100, after a person's review")
    workloads: list[WorkloadOut]
    version: int
    created_at: datetime
    updated_at: datetime


class WorkflowLine(Schema):
    """A workflow in a list: without its workloads."""

    id: UUID
    role_id: UUID
    role_title: str
    department: str
    status: Status
    source: str
    source_ref: str | None
    etter_score: float | None
    validated_score: float | None
    version: int
    created_at: datetime
    updated_at: datetime


class WorkflowQuery(PageParams):
    sort: Annotated[str | None, sortable("updated_at", "created_at", "role_title", "status", "etter_score")] = None
    status: Status | None = None
    role_id: UUID | None = None
    department: Annotated[str, note(200)] | None = None


class Contribution(Schema):
    task_id: UUID
    statement: str
    time_share: float
    exposure: Exposure
    impact_class: ImpactClass
    points: float = Field(description="what the task adds to the score; all points sum to it")
    reasons: list[str]


class ScoreOut(Schema):
    workflow_id: UUID
    score: float = Field(description="0..100, from the system's labels")
    validated_score: float | None
    automate_share: float = Field(description="share of working time in tasks classed automate")
    augment_share: float
    human_share: float
    freed_share: float = Field(description="share of working time the exposed tasks would need less")
    contributions: list[Contribution]


class Correction(Schema):
    task_id: UUID
    exposure: Exposure | None = None
    impact_class: ImpactClass | None = None
    comment: Comment | None = None


class ValidationIn(Schema):
    """The review: corrections (none means full agreement) and the sign-off."""

    corrections: list[Correction] = Field(default_factory=list, max_length=MAX_TASKS)
    comment: Comment | None = None


class SubmissionIn(Schema):
    comment: Comment | None = None


class HistoryOut(Schema):
    id: UUID
    workflow_id: UUID
    user_id: UUID | None
    user_name: str | None
    action: str
    detail: dict[str, Any]
    at: datetime


class HistoryQuery(PageParams):
    sort: Annotated[str | None, sortable("at")] = None


class MetadataOut(Schema):
    """What a client needs to show a workflow's frame."""

    workflow_id: UUID
    role_id: UUID
    role_title: str
    department: str
    headcount: int
    occupation_code: str | None
    status: Status
    source: str
    source_ref: str | None
    workloads: int
    tasks: int
    skills: list[str]
    version: int
    updated_at: datetime
