"""What crosses the wire about documents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

Status = Literal["uploaded", "processing", "extracted", "failed", "accepted", "rejected"]
Kind = Literal["pdf", "docx", "xlsx", "xls", "pptx", "html", "csv", "text"]


class DocumentOut(Schema):
    id: UUID
    filename: str
    kind: Kind
    media_type: str
    size_bytes: int
    sha256: str
    status: Status
    error_code: str | None = Field(description="why it could not be read, when it could not")
    error_detail: str | None
    uploaded_by: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class DocumentQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at", "filename", "status")] = None
    status: Status | None = None
    kind: Kind | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="find earlier uploads of a file")
