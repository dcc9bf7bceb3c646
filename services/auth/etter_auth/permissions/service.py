"""The catalogue of `etter_common.permissions`, in reading order."""

from __future__ import annotations

from etter_auth.permissions.schemas import PermissionOut, RoleOut
from etter_common.permissions import PERMISSIONS, ROLE_PERMISSIONS


def catalogue() -> list[RoleOut]:
    return [
        RoleOut(
            name=role,
            permissions=[
                PermissionOut(name=name, description=text) for name, text in PERMISSIONS.items() if name in allowed
            ],
        )
        for role, allowed in ROLE_PERMISSIONS.items()
    ]
