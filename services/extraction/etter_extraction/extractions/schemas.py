"""What crosses the wire about extractions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from etter_common.inputs import Money, note, text
from etter_common.responses import Schema
from etter_extraction.facts.people.fields import Field as ColumnField

FactType = Literal[
    "title", "employer", "department", "location", "level", "employment_type", "manager", "pay", "task", "skill",
    "qualification", "role",
]  # fmt: skip
Kind = Literal["job_description", "headcount", "resume", "other"]
Text = Annotated[str, text(2000)]
Short = Annotated[str, note(200)]


class PayValue(Schema):
    low: float = Field(ge=0, le=1e9)
    high: float = Field(ge=0, le=1e9)
    currency: str | None = Field(pattern=r"^[A-Z]{3}$", description="null where the document does not say")
    period: Literal["year", "month", "fortnight", "week", "day", "hour"] | None = Field(
        description="the period of this amount, null where the document does not say"
    )


class RoleValue(Schema):
    """One line of a headcount sheet; `salary` is the average annual one."""

    title: Annotated[str, text(200)]
    department: Short | None = None
    headcount: int | None = Field(default=None, ge=0, le=10_000_000)
    salary: Money | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    level: Short | None = None
    location: Short | None = None


class ConceptOut(Schema):
    """An entry of ESCO, the European classification of skills."""

    uri: str | None
    label: str
    score: float = Field(description="0..1: how much the skill is called like the concept")


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
    role: int = Field(description="which role of the document the fact is about, from 0")
    flags: list[str] = Field(description="codes of what makes the fact doubtful; it is not accepted in bulk then")
    concept: ConceptOut | None = Field(description="of a skill: its entry in the taxonomy, where one is near")
    details: dict[str, Any] = Field(
        description="of pay, where the text says so: `hours` by the week, `pro_rata`, `bound` (from, up_to) and `kind` "
        "(on_target: with variable pay; actual: for the hours of the post)"
    )
    corrected_by: UUID | None
    corrected_at: datetime | None


class NoteOut(Schema):
    code: str = Field(description="stable, for programs", examples=["LEAVERS_LEFT_OUT"])
    message: str
    count: int
    examples: list[str] = Field(description="cells, rows or words that it is about, at most five")


class ExtractionOut(Schema):
    id: UUID
    document_id: UUID
    job_id: UUID | None
    kind: Kind = Field(description="a suggestion; acceptance can say otherwise")
    status: Literal["ready", "accepted", "rejected"]
    facts: list[FactOut]
    report: list[NoteOut] = Field(description="what was left out, guessed or doubtful")
    warnings: list[str] = Field(description="the messages of `report`")
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    version: int = Field(description="the ETag's number, for If-Match")
    created_at: datetime
    updated_at: datetime


class DocumentText(Schema):
    """One page of a document's text. A fact's quote is `text[start:end]` of its page, in characters."""

    document_id: UUID
    pages: int = Field(description="how many pages, sheets or slides the text has")
    number: int
    label: str = Field(examples=["page 1"])
    text: str


class ColumnOut(Schema):
    index: int = Field(description="from 0")
    heading: str = Field(examples=["Annual salary (GBP)"])
    field: ColumnField
    confidence: float = Field(description="0..1; 1 where a person chose the field")
    samples: list[str] = Field(default=[], description="the first different values, at most three")
    runner_up: ColumnField | None = Field(default=None, description="the field that came second")
    chosen: bool = Field(default=False, description="a person of the company chose the field")


class TableMapping(Schema):
    """How a table of people was read."""

    table: str
    heading_row: int = Field(description="from 1")
    basis: Literal["person", "headcount", "fte", "unknown"] = Field(
        description="what a row stands for: a person, or a role with its headcount, only its FTE, or neither"
    )
    columns: list[ColumnOut]
    decisions: dict[str, str] = Field(description="by heading: how its numbers were read, and why")


class ColumnChoices(Schema):
    """Fields by heading. They are remembered for all files of the company; the document is read again."""

    columns: dict[Annotated[str, text(200)], ColumnField] = Field(
        min_length=1, max_length=200, examples=[{"Designation": "title", "Branch": "location"}]
    )


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
    kind: Literal["job_description", "headcount"] | None = Field(
        default=None, description="what the document is, where the found kind is wrong"
    )
