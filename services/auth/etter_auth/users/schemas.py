"""What crosses the wire about users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from etter_auth.permissions.schemas import RoleName
from etter_common.fieldsets import FieldsQuery
from etter_common.inputs import line, words
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

_ID = "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"
_EXAMPLE: JsonDict = {
    "id": _ID,
    "email": "maya.lindqvist@brightwater.example",
    "username": "maya.lindqvist",
    "name": "Maya Lindqvist",
    "roles": ["analyst"],
    "is_active": True,
    "version": 1,
    "created_at": "2026-11-23T09:00:00Z",
    "updated_at": "2026-11-23T09:00:00Z",
}


def _distinct(roles: list[RoleName]) -> list[RoleName]:
    return sorted(set(roles))


Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[^@\s\x00-\x1f\x85]{1,64}@[^@\s\x00-\x1f\x85.]+(\.[^@\s\x00-\x1f\x85.]+)+$",
    ),
]
Username = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[\w.+'-]{1,64}$", max_length=64)
]
Name = Annotated[str, line(200)]
Roles = Annotated[list[RoleName], Field(min_length=1, max_length=6), AfterValidator(_distinct)]


class UserCreate(Schema):
    """No password: nobody chooses another's (ASVS 6.4.6)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"email": "maya.lindqvist@brightwater.example", "name": "Maya Lindqvist", "roles": ["analyst"]}
            ]
        }
    )

    email: Email
    name: Name
    username: Username | None = Field(
        default=None, description="left out: the part of the email before the @, longer where that is taken"
    )
    roles: Roles


class UserUpdate(Schema):
    """Only what is given changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"roles": ["analyst", "validator"]}]})

    email: Email | None = None
    name: Name | None = None
    username: Username | None = None
    roles: Roles | None = Field(default=None, description="another set of roles ends the user's sessions")
    is_active: Literal[True] | None = Field(default=None, description="true takes a deactivation back")


class MeUpdate(Schema):
    """Only what is given changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Maya Lindqvist"}]})

    name: Name | None = None
    username: Username | None = None


class UserOut(Schema):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    email: str
    username: str
    name: str
    roles: list[str]
    is_active: bool
    version: int = Field(description="the ETag's number, for If-Match")
    created_at: datetime
    updated_at: datetime


class MeOut(UserOut):
    model_config = ConfigDict(
        json_schema_extra={"examples": [_EXAMPLE | {"company_id": _ID, "permissions": ["roles:read", "roles:write"]}]}
    )

    company_id: UUID
    permissions: list[str] = Field(description="what the roles of the token in use allow")


class UserSuggestion(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": _ID, "name": "Maya Lindqvist", "email": "maya.lindqvist@brightwater.example"}]
        }
    )

    id: UUID
    name: str
    email: str


class UserQuery(PageParams):
    sort: Annotated[str | None, sortable("name", "email", "created_at")] = None
    role: RoleName | None = None
    is_active: bool | None = None
    q: Annotated[str, words(100)] | None = Field(default=None, description="start of a word of name or email")


class SuggestionQuery(FieldsQuery):
    q: Annotated[str, words(100)] = Field(description="start of a word of name or email")
    limit: int = Field(default=10, ge=1, le=20)
