"""What crosses the wire about sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

_ID = "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"


class RefreshRequest(Schema):
    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": "etr_Aj0s…"}]})

    refresh_token: str = Field(min_length=1, max_length=200)


class TokensOut(Schema):
    """A pair of tokens. The refresh token works once; the next pair holds its successor."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": "eyJhbGciOiJFZDI1NTE5Ii…",
                    "token_type": "Bearer",
                    "expires_in": 600,
                    "refresh_token": "etr_Aj0s…",
                    "session_id": _ID,
                    "session_expires_at": "2026-12-23T09:00:00Z",
                    "user_id": _ID,
                    "company_id": _ID,
                    "roles": ["analyst"],
                }
            ]
        }
    )

    access_token: str
    token_type: str
    expires_in: int = Field(description="seconds the access token lives")
    refresh_token: str
    session_id: UUID
    session_expires_at: datetime = Field(description="the session ends then at the latest")
    user_id: UUID
    company_id: UUID
    roles: list[str]


class SessionOut(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "user_id": _ID,
                    "created_at": "2026-11-23T09:00:00Z",
                    "last_used_at": "2026-11-23T11:30:00Z",
                    "expires_at": "2026-12-23T09:00:00Z",
                    "client_ip": "192.0.2.7",
                    "user_agent": "Mozilla/5.0",
                    "amr": ["pwd"],
                    "is_current": True,
                }
            ]
        }
    )

    id: UUID
    user_id: UUID
    created_at: datetime
    last_used_at: datetime = Field(description="the last sign-in or refresh")
    expires_at: datetime
    client_ip: str | None
    user_agent: str | None
    amr: list[str] = Field(description="how the user signed in (RFC 8176)")
    is_current: bool = Field(description="the session of the token this was asked with")


class SessionQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at")] = None
    user_id: UUID | None = Field(default=None, description="another user's; needs `users:write`. Left out: one's own")
