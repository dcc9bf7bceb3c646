"""Which job a free worker takes: the fairest one that waits, whatever message woke it.

A message says that there is work, the rows say which. So a tenant's thousand jobs do not stand in front of another's
one: the companies take turns, those with the fewest jobs running first, and within a company the oldest job goes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import select, text

from etter_common import metrics
from etter_common.clock import utc_now
from etter_common.context import Origin
from etter_common.jobs.models import FINAL, JobMixin, JobStatus

if TYPE_CHECKING:
    from etter_common.context import Context
    from etter_common.jobs.queue import Queue, Ticket
    from etter_common.platform import Platform

_PATIENCE: Final = 0.8  # of the queue's ack_wait_s: a worker that was silent for so long is gone

# a lost worker's job first; then the companies by turns. Rows another worker is about to take are passed over.
_FAIREST: Final = """
    WITH waiting AS (
        SELECT DISTINCT company_id FROM {table}
        WHERE status = 'queued' AND (not_before IS NULL OR not_before <= :now)
    ), turn AS (
        SELECT company_id,
            (SELECT count(*) FROM {table} r WHERE r.company_id = w.company_id AND r.status = 'running') AS running,
            (SELECT max(taken_at) FROM {table} t WHERE t.company_id = w.company_id) AS served_at
        FROM waiting w
    )
    SELECT j.id FROM {table} j LEFT JOIN turn USING (company_id)
    WHERE (j.status = 'queued' AND (j.not_before IS NULL OR j.not_before <= :now))
       OR (j.status = 'running' AND j.heartbeat_at < :silent)
    ORDER BY j.status DESC, turn.running, turn.served_at NULLS FIRST, j.queued_at, j.id
    LIMIT 1 FOR UPDATE OF j SKIP LOCKED
"""


@dataclass(frozen=True)
class Settled:
    """The answer to the message: done with, or deliver it again after a while."""

    again_in_s: float | None = None


@dataclass(frozen=True)
class Claimed:
    """A job that is ours now; `origin` is the request that asked for it."""

    row: JobMixin
    job_id: UUID
    company_id: UUID
    origin: Origin


async def claim(
    platform: Platform, queue: Queue, model: type[JobMixin], ticket: Ticket, *, worker: str
) -> Claimed | Settled:
    """Take the fairest job with its next attempt number, or say what becomes of the message."""
    async with platform.work(system=True) as ctx:
        now = utc_now()
        silent = now - timedelta(seconds=queue.ack_wait_s * _PATIENCE)
        job_id = await ctx.session.scalar(
            text(_FAIREST.format(table=model.__tablename__)), {"now": now, "silent": silent}  # type: ignore[attr-defined]
        )  # fmt: skip
        if job_id is None:
            return await _nothing_to_take(ctx, queue, model, ticket, now=now)
        row: Any = await ctx.session.get(model, job_id, populate_existing=True)
        if row.status == JobStatus.QUEUED:
            waited = (now - row.queued_at).total_seconds()
            metrics.JOB_WAIT_SECONDS.labels(queue.name).observe(max(0.0, waited))
        row.attempts += 1
        row.status = JobStatus.RUNNING.value
        row.started_at = row.started_at or now
        row.taken_at = row.heartbeat_at = now
        row.not_before = None
        row.worker = worker
        await ctx.session.flush()
    origin = Origin(request_id=row.request_id or str(job_id), traceparent=row.traceparent)
    return Claimed(row, job_id, row.company_id, origin)


async def _nothing_to_take(
    ctx: Context, queue: Queue, model: Any, ticket: Ticket, *, now: datetime
) -> Settled:  # fmt: skip
    """Keep the message for as long as a job may still need it: one that waits for its time, or may lose its worker."""
    soonest = await ctx.session.scalar(
        select(model.not_before)
        .where(model.status == JobStatus.QUEUED.value, model.not_before > now)
        .order_by(model.not_before)
        .limit(1)
    )
    if soonest is not None:
        return Settled(again_in_s=(soonest - now).total_seconds())
    own = await ctx.session.scalar(select(model).where(model.id == ticket.job_id))
    if own is None or own.status in FINAL or own.heartbeat_at is None:
        return Settled()
    patience_s = queue.ack_wait_s * _PATIENCE
    return Settled(again_in_s=max(0.1, patience_s - (now - own.heartbeat_at).total_seconds()))
