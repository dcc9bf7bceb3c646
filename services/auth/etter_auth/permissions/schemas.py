"""What crosses the wire about the catalogue."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from etter_common.responses import Schema

RoleName = Literal["super_admin", "company_admin", "chro", "analyst", "validator", "viewer"]


class PermissionOut(Schema):
    name: str
    description: str


class RoleOut(Schema):
    model_config = ConfigDict(
        title="AuthRoleOut",
        json_schema_extra={
            "examples": [
                {"name": "viewer", "permissions": [{"name": "users:read", "description": "see the company's users"}]}
            ]
        },
    )

    name: str = Field(description="what a user's `roles` hold")
    permissions: list[PermissionOut]
