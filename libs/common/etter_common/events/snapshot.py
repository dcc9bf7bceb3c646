"""An owner tells its present state again, so that others can rebuild what they keep of it.

Each thing is told as a change that is no change: under its present version, through the outbox like any other event,
with its row locked so that no later change can get in front. Who has that version already does nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from etter_common.events.envelope import Event
from etter_common.logging import get_logger

if TYPE_CHECKING:
    from etter_common.context import Context
    from etter_common.platform import Platform

BATCH: Final = 200
Source = Callable[["Context", UUID | None, int], Awaitable[Sequence[tuple[UUID, Event]]]]
"""Up to so many of the company's things after an id, in the order of ids, each with its event; their rows locked."""

_log = get_logger(__name__)


async def replay(platform: Platform, companies: Iterable[UUID], *sources: Source) -> int:
    """Put the present state of these companies into the outbox; the number of events. May be broken off and redone."""
    count = 0
    for company_id in companies:
        for source in sources:
            async for told in _batches(platform, company_id, source):
                count += told
        _log.info("state_told_again", company_id=company_id)
    return count


async def _batches(platform: Platform, company_id: UUID, source: Source) -> AsyncIterator[int]:
    after: UUID | None = None
    while True:
        async with platform.work(company_id=company_id) as ctx:
            things = await source(ctx, after, BATCH)
            for _, event in things:
                await ctx.publish(event)
        if not things:
            return
        after = things[-1][0]
        yield len(things)
