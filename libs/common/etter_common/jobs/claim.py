"""Which job a free worker takes: the fairest one that waits, whatever message woke it.

A message says that there is work, the rows say which. So a tenant's thousand jobs do not stand in front of another's
one: the companies take turns, those with the fewest jobs running first, and within a company the oldest job goes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import TextClause, func, select, text

from etter_common import metrics
from etter_common.context import Origin
from etter_common.jobs.models import FINAL, JobMixin, JobStatus, db_now

if TYPE_CHECKING:
    from etter_common.context import Context
    from etter_common.jobs.queue import Queue, Ticket
    from etter_common.platform import Platform

_PATIENCE: Final = 0.8  # of the queue's ack_wait_s: a worker that was silent for so long is gone

# a lost worker's job first; then the companies by turns. Rows another worker is about to take are passed over.
_FAIREST: Final = """
    WITH waiting AS (
        SELECT DISTINCT company_id FROM {table}
        WHERE status = 'queued' AND (not_before IS NULL OR not_before <= now())
    ), turn AS (
        SELECT company_id,
            (SELECT count(*) FROM {table} r WHERE r.company_id = w.company_id AND r.status = 'running') AS running,
            (SELECT max(taken_at) FROM {table} t WHERE t.company_id = w.company_id) AS served_at
        FROM waiting w
    )
    SELECT j.id, now() FROM {table} j LEFT JOIN turn USING (company_id)
    WHERE (j.status = 'queued' AND (j.not_before IS NULL OR j.not_before <= now()))
       OR (j.status = 'running' AND j.heartbeat_at < now() - :patience * interval '1 second')
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
        found = (await ctx.session.execute(_fairest(model), {"patience": queue.ack_wait_s * _PATIENCE})).one_or_none()
        if found is None:
            return await _nothing_to_take(ctx, queue, model, ticket)
        job_id, now = found
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


def _fairest(model: Any) -> TextClause:
    return text(_FAIREST.format(table=model.__tablename__))


async def _nothing_to_take(ctx: Context, queue: Queue, model: Any, ticket: Ticket) -> Settled:
    """Keep the message for as long as a job may still need it: one that waits for its time, or may lose its worker."""
    soonest_s = await ctx.session.scalar(
        select(_seconds(func.min(model.not_before) - db_now())).where(
            model.status == JobStatus.QUEUED.value, model.not_before > func.now()
        )
    )
    if soonest_s is not None:
        return Settled(again_in_s=max(0.1, float(soonest_s)))
    own = (
        await ctx.session.execute(
            select(model.status, _seconds(db_now() - model.heartbeat_at)).where(model.id == ticket.job_id)
        )
    ).one_or_none()
    if own is None or own[0] in FINAL or own[1] is None:
        return Settled()
    return Settled(again_in_s=max(0.1, queue.ack_wait_s * _PATIENCE - float(own[1])))


def _seconds(interval: Any) -> Any:  # Any: SQL expressions
    return func.extract("epoch", interval)
