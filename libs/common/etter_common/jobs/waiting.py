"""How many jobs of a queue wait for a worker and how long the oldest has, told by every worker while it lives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from etter_common import metrics
from etter_common.events.retry import Kind, classify
from etter_common.events.supervisor import honour_cancel
from etter_common.jobs.models import JobStatus, db_now

if TYPE_CHECKING:
    from etter_common.jobs.attempt import Rules
    from etter_common.platform import Platform

EVERY_S: Final = 10.0


async def measure(platform: Platform, rules: Rules) -> None:
    """Every 10 s; while the database is away the last figures stand."""
    kind = rules.queue.name
    while True:
        try:
            waiting, oldest_s = await _waiting(platform, rules.model)
            metrics.JOBS_WAITING.labels(kind).set(waiting)
            metrics.JOBS_OLDEST_WAIT_S.labels(kind).set(oldest_s)
        except Exception as error:
            if classify(error) is not Kind.AWAY:
                raise
        honour_cancel()
        await asyncio.sleep(EVERY_S)


async def _waiting(platform: Platform, model: Any) -> tuple[int, float]:  # Any: a mapped class and its columns
    """A job that is to be tried again waits from that time on."""
    since = func.greatest(model.queued_at, model.not_before)
    statement = select(func.count(), func.extract("epoch", db_now() - func.min(since))).where(
        model.status == JobStatus.QUEUED.value, since <= func.now()
    )
    async with platform.work(system=True) as ctx:
        count, oldest_s = (await ctx.session.execute(statement)).one()
    return int(count), max(0.0, float(oldest_s or 0))
