"""Follows finished simulations."""

from __future__ import annotations

from etter_common.context import Context
from etter_common.events.contracts.simulation import RunCompleted
from etter_common.events.envelope import Event
from etter_core.chro import service
from etter_core.workflows import events


async def run_completed(ctx: Context, event: Event) -> None:
    run = event.payload
    assert isinstance(run, RunCompleted)  # noqa: S101 - the subscription names the type
    await service.keep_outlook(ctx, event, run)
    ctx.invalidate(events.stale(ctx.company_id))
