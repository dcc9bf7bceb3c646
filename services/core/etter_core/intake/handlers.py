"""Reacts to accepted extractions."""

from __future__ import annotations

from etter_common.context import Context
from etter_common.events.contracts.extraction import ExtractionAccepted
from etter_common.events.envelope import Event
from etter_core.intake import service


async def extraction_accepted(ctx: Context, event: Event) -> None:
    accepted = event.payload
    assert isinstance(accepted, ExtractionAccepted)  # noqa: S101 - the subscription names the type
    await service.take_over(ctx, accepted)
