"""Reacts to what core announces about roles that were simulated."""

from __future__ import annotations

from etter_common.context import Context
from etter_common.events.contracts.core import RoleDeleted, WorkflowPublished
from etter_common.events.envelope import Event
from etter_simulation.simulations.repository import SimulationRepository


async def drop_reusable(ctx: Context, event: Event) -> None:
    """Results that came from this role's profile are given to nobody anew; those who have them keep them."""
    assert isinstance(event.payload, WorkflowPublished | RoleDeleted)  # noqa: S101 - the subscriptions name the types
    await SimulationRepository(ctx).drop_reusable(event.payload.role_id)
