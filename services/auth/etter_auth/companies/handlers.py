"""Confirms the end of a company, without which no service erases anything."""

from __future__ import annotations

from etter_auth import foreign
from etter_auth.companies import service
from etter_common.context import Context
from etter_common.events import erasures
from etter_common.events.envelope import Event
from etter_common.events.retry import PermanentError


async def company_deleted(ctx: Context, event: Event) -> None:
    """The table decides, not the event: a company that is there has not ended."""
    if await service.exists(ctx, ctx.company_id):
        foreign.report("events", event.type)
        raise PermanentError("the company exists, so auth has not published this event")
    await erasures.confirm(ctx.platform.nats, ctx.company_id)
