"""Carries each change of an API key to every service's verifier, through the bucket they all watch."""

from __future__ import annotations

from etter_auth.api_keys import service
from etter_common.context import Context
from etter_common.events.envelope import Event


async def key_changed(ctx: Context, event: Event) -> None:
    """Idempotent, and right in any order: what the table says at this moment goes out, not what the event said."""
    await service.tell(ctx, event.aggregate_id)
