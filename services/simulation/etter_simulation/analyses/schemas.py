"""What crosses the wire about every analysis."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class AnalysisOut(Schema):
    """An analysis as a job."""

    id: UUID
    name: str | None
    status: Status
    progress: float = Field(ge=0, le=1)
    stage: str | None
    eta_seconds: int | None
    error_code: str | None
    error_detail: str | None
    engine_version: str
    requested_by: UUID
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class AnalysisQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at")] = None
    status: Status | None = None
