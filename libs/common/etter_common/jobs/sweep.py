"""Finds jobs whose message was lost (a queue whose storage is gone) and pushes them again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from nats.errors import Error as NatsError
from sqlalchemy import and_, or_, select

from etter_common.events import streams
from etter_common.events.retry import Kind, classify
from etter_common.events.supervisor import honour_cancel
from etter_common.jobs.models import JobMixin, JobStatus, db_now
from etter_common.jobs.queue import Queue, Ticket
from etter_common.logging import get_logger

if TYPE_CHECKING:
    from etter_common.jobs.attempt import Rules
    from etter_common.platform import Platform

EVERY_S: Final = 30.0
LOST_AFTER: Final = timedelta(seconds=60)
_BATCH: Final = 500
_log = get_logger(__name__)


async def sweep(platform: Platform, rules: Rules, *, consumer: str) -> None:
    """Every 30 s, and only while the queue is empty: with messages in it, waiting is no loss."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            info = await platform.nats.jetstream().consumer_info(rules.queue.stream, consumer)
            if not info.num_pending and not info.num_ack_pending:
                await push_lost(platform, rules.queue, rules.model)
        except Exception as error:
            if classify(error) is not Kind.AWAY:
                raise
        honour_cancel()


async def push_lost(platform: Platform, queue: Queue, model: type[JobMixin]) -> int:
    """Publish a message for each job that waits or stands still without one; how many there were."""
    lost = await _lost(platform, model)
    js = platform.nats.jetstream()
    for job_id, company_id, attempts in lost:
        ticket = Ticket(job_id=job_id, company_id=company_id)
        headers = {"Nats-Msg-Id": f"sweep.{job_id}.{attempts}"}
        try:
            await js.publish(streams.job_subject(queue.name, job_id), msgspec.json.encode(ticket), headers=headers)
        except NatsError as error:
            _log.warning("job_not_pushed", job_id=job_id, error_type=type(error).__name__)
            break
    if lost:
        _log.warning("jobs_pushed_again", queue=queue.name, jobs=len(lost))
    return len(lost)


async def _lost(platform: Platform, model: Any) -> list[tuple[UUID, UUID, int]]:
    before = db_now() - LOST_AFTER
    condition = or_(
        and_(model.status == JobStatus.QUEUED.value, model.queued_at < before),
        and_(model.status == JobStatus.RUNNING.value, model.heartbeat_at < before),
    )
    statement = select(model.id, model.company_id, model.attempts).where(condition).limit(_BATCH)
    async with platform.work(system=True) as ctx:
        return [(row[0], row[1], row[2]) for row in await ctx.session.execute(statement)]
