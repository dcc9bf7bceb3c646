"""A workflow's workloads and tasks: one document inside its row, because they are only read and written together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from etter_core.scores.scoring import Exposure, ImpactClass


class TaskPart(BaseModel):
    """One statement of work. `reviewed_*` is what a person said instead of the system; null where they agree."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    statement: str
    time_share: float
    exposure: Exposure
    impact_class: ImpactClass
    confidence: float
    label_source: str
    reasons: tuple[str, ...] = ()
    reviewed_exposure: Exposure | None = None
    reviewed_impact_class: ImpactClass | None = None
    review_comment: str | None = None
    fact_id: UUID | None = None


class WorkloadPart(BaseModel):
    """A named group of tasks. `skill_level` 0..1."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    skill_level: float
    tasks: tuple[TaskPart, ...]


Document = tuple[WorkloadPart, ...]
_adapter: TypeAdapter[Document] = TypeAdapter(Document)


def read(stored: list[Any]) -> Document:
    return _adapter.validate_python(stored)


def write(document: Document) -> list[Any]:
    """What JSONB stores."""
    stored: list[Any] = _adapter.dump_python(document, mode="json")
    return stored
