"""What crosses the wire about API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from etter_auth.permissions.schemas import RoleName
from etter_common.inputs import line
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

_ID = "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"
_EXAMPLE: JsonDict = {
    "id": _ID,
    "name": "Nightly headcount import",
    "role": "analyst",
    "user_id": _ID,
    "created_at": "2026-11-23T09:00:00Z",
    "expires_at": "2027-02-21T09:00:00Z",
    "revoked_at": None,
    "revoke_reason": None,
}

Name = Annotated[str, line(100)]


class ApiKeyCreate(Schema):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Nightly headcount import", "role": "analyst", "expires_in_days": 90}]}
    )

    name: Name = Field(description="what it is for, so that whoever finds it knows whom to ask")
    role: RoleName = Field(description="what the key may do; never more than who makes it")
    expires_in_days: int = Field(default=90, ge=1, le=365)


class ApiKeyOut(Schema):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID = Field(description="the key's own text has it, without dashes, between `etter_` and the next `_`")
    name: str
    role: str
    user_id: UUID = Field(description="who made it; it acts for them")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoke_reason: str | None = Field(description="`revoked`, or what happened to its maker: `deactivated`, …")


class ApiKeyMade(ApiKeyOut):
    model_config = ConfigDict(
        json_schema_extra={"examples": [_EXAMPLE | {"secret": "etter_019ab0f27c1e7a529c113f0d5b8e2a64_4WqTz0…"}]}
    )

    secret: str | None = Field(
        description="the key, in this answer and nowhere else; null where an `Idempotency-Key` has it given again"
    )


class ApiKeyQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at", "name", "expires_at")] = None
    user_id: UUID | None = Field(default=None, description="who made it")
    is_revoked: bool | None = None
