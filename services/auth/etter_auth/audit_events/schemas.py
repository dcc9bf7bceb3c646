"""What crosses the wire about the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

# a moment beyond these cannot be turned into UTC by the driver
Moment = Annotated[
    AwareDatetime,
    Field(
        ge=datetime(1999, 12, 31, tzinfo=UTC),
        lt=datetime(2200, 1, 2, tzinfo=UTC),  # a day more than the years of the pattern, for every offset
        json_schema_extra={"pattern": "^2[01][0-9]{2}-"},
        description="of the years 2000 to 2199",
    ),
]
_ID = "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"


class AuditEventOut(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "created_at": "2026-11-23T09:00:00Z",
                    "action": "users:change",
                    "outcome": "success",
                    "actor_id": _ID,
                    "target_id": _ID,
                    "details": {"fields": ["roles"]},
                    "client_ip": "192.0.2.7",
                    "user_agent": "Mozilla/5.0",
                    "request_id": _ID,
                }
            ]
        }
    )

    id: UUID
    created_at: AwareDatetime
    action: str = Field(description="`<noun>:<verb>`")
    outcome: str = Field(description="`success` or `failure`")
    actor_id: UUID | None = Field(description="the user who did it; null before a sign-in")
    target_id: UUID | None = Field(description="the user, session or company it was done to")
    details: dict[str, Any]
    client_ip: str | None
    user_agent: str | None
    request_id: str


class AuditEventQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at")] = None
    action: Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[a-z_]+$", max_length=100)] | None = None
    actor_id: UUID | None = None
    target_id: UUID | None = None
    since: Moment | None = Field(default=None, description="at or after")
    until: Moment | None = Field(default=None, description="before")
