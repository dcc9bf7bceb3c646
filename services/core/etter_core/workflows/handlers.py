"""Follows changes of roles, so that the published profiles stay true."""

from __future__ import annotations

from etter_common.context import Context
from etter_common.events.contracts.core import RoleChanged
from etter_common.events.envelope import Event
from etter_core.workflows import service


async def role_changed(ctx: Context, event: Event) -> None:
    role = event.payload
    assert isinstance(role, RoleChanged)  # noqa: S101 - the subscription names the type
    await service.refresh_profile(ctx, role.role_id)
