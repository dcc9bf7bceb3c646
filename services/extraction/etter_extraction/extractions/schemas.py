"""What crosses the wire about extractions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from etter_common.inputs import Money, note, text
from etter_common.responses import Schema

FactType = Literal["title", "department", "location", "level", "pay", "employment_type", "task", "skill", "role"]
Text = Annotated[str, text(2000)]
Short = Annotated[str, note(200)]


class PayValue(Schema):
    low: float = Field(ge=0, le=1e9)
    high: float = Field(ge=0, le=1e9)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    period: Literal["year", "month", "week", "day", "hour"]


class RoleValue(Schema):
    """One line of a headcount sheet; `salary` is the average annual one."""

    title: Annotated[str, text(200)]
    department: Short | None = None
    headcount: int | None = Field(default=None, ge=0, le=10_000_000)
    salary: Money | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    level: Short | None = None
    location: Short | None = None


class FactOut(Schema):
    id: UUID
    type: FactType
    value: Any = Field(description="text; `pay` and `role` are objects")
    original: Any = Field(description="what was found, where a person has corrected it; else null")
    confidence: float = Field(description="0..1; 1 once a person has corrected it")
    page: int = Field(description="number of the page, sheet or slide; 1 for formats without pages")
    start: int = Field(description="offset of the quote in the page's stored text, in characters")
    end: int
    quote: str = Field(description="the words of the document the fact stands on")
    group: str | None = Field(description="the workload of a task")
    time_share: float | None = Field(description="of a task, 0..1, where the document states it")
    corrected_by: UUID | None
    corrected_at: datetime | None


class ExtractionOut(Schema):
    id: UUID
    document_id: UUID
    job_id: UUID | None
    kind: Literal["job_description", "headcount", "other"]
    status: Literal["ready", "accepted", "rejected"]
    facts: list[FactOut]
    warnings: list[str]
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    version: int = Field(description="the ETag's number, for If-Match")
    created_at: datetime
    updated_at: datetime


class FactCorrection(Schema):
    """Only what is given changes."""

    value: Text | PayValue | RoleValue | None = Field(default=None, examples=["Reconcile supplier accounts monthly."])
    group: Text | None = None
    time_share: float | None = Field(default=None, gt=0, le=1)


class Acceptance(Schema):
    title: Annotated[
        str | None,
        text(200),
        Field(description="for a document that names no job title"),
    ] = None
