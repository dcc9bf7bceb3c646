"""Reacts to what core announces about roles."""

from __future__ import annotations

from etter_common.context import Context
from etter_common.events.contracts.core import RoleDeleted, WorkflowPublished
from etter_common.events.envelope import Event
from etter_simulation.role_profiles.repository import RoleProfileRepository


async def take_over(ctx: Context, event: Event) -> None:
    """Keep the published profile; an older one than is known changes nothing."""
    profile = event.payload
    assert isinstance(profile, WorkflowPublished)  # noqa: S101 - the subscription names the type
    values = {
        "title": profile.title,
        "department": profile.department,
        "headcount": profile.headcount,
        "salary": profile.salary,
        "currency": profile.currency,
        "workloads": [workload.model_dump() for workload in profile.workloads],
        "profile_version": profile.version,
    }
    await RoleProfileRepository(ctx).put(profile.role_id, values)


async def forget(ctx: Context, event: Event) -> None:
    assert isinstance(event.payload, RoleDeleted)  # noqa: S101 - the subscription names the type
    await RoleProfileRepository(ctx).mark_deleted(event.payload.role_id)
