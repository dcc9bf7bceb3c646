"""A queue of jobs, and what an API process does with it: put a job in, ask for its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Insert, insert, select

from etter_common.clock import utc_now
from etter_common.errors import Conflict, NotFound
from etter_common.events import streams
from etter_common.events.outbox import OutboxRow
from etter_common.ids import new_id
from etter_common.jobs.models import FINAL, JobMixin, JobStatus

if TYPE_CHECKING:
    from etter_common.context import Context

JobT = TypeVar("JobT", bound=JobMixin)
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,30}$")


class JobNotCancellable(Conflict):
    code, title = "JOB_NOT_CANCELLABLE", "The job has ended already"


@dataclass(frozen=True)
class Queue:
    """`ack_wait_s` is how long a silent worker is waited for before another takes its job over."""

    name: str
    ack_wait_s: float = streams.JOB_ACK_WAIT_S

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"a queue's name is lower case letters, digits and underscores: {self.name!r}")

    @property
    def stream(self) -> str:
        return streams.jobs_stream(self.name)


class Ticket(msgspec.Struct, frozen=True):
    """The work message: there is work for one worker. Which job it does is decided when it takes one (`claim`)."""

    job_id: UUID
    company_id: UUID


async def enqueue(ctx: Context, queue: Queue, *job_ids: UUID) -> None:
    """Hand jobs to workers if and only if this transaction commits; call it after adding their rows."""
    if job_ids:
        ctx.append(work_message(ctx, queue, *(Ticket(job_id=job_id, company_id=ctx.company_id) for job_id in job_ids)))


def work_message(ctx: Context, queue: Queue, *tickets: Ticket) -> Insert:
    """The outbox rows of tickets; written with the transaction's last statement."""
    return insert(OutboxRow).values([_message(ctx, queue, ticket) for ticket in tickets])


def _message(ctx: Context, queue: Queue, ticket: Ticket) -> dict[str, Any]:
    row_id = new_id()
    headers = {
        "Nats-Msg-Id": str(row_id),
        "ce-requestid": ctx.origin.request_id,
        "traceparent": ctx.origin.traceparent or "",
    }
    return {
        "id": row_id,
        "company_id": ticket.company_id,
        "aggregate_id": ticket.job_id,
        "subject": streams.job_subject(queue.name, ticket.job_id),
        "headers": {name: value for name, value in headers.items() if value},
        "payload": msgspec.json.encode(ticket),
        "tags": [],
        "created_at": utc_now(),
    }


async def request_cancel(ctx: Context, model: type[JobT], job_id: UUID) -> JobT:
    """Ask for the job's end and give back its row.

    A queued job is cancelled at once: the row says so, and the caller announces it. A running one is told and ends as
    cancelled within moments; asking twice changes nothing. One that has ended is `JobNotCancellable`, another
    company's is not found.
    """
    table: Any = model  # the mixins' columns; a protocol of mapped class attributes cannot be typed
    statement = select(model).where(table.id == job_id, table.company_id == ctx.company_id).with_for_update()
    job = await ctx.session.scalar(statement)
    if job is None:
        raise NotFound
    if job.status == JobStatus.CANCELLED:
        return job
    if job.status in FINAL:
        raise JobNotCancellable(f"the job has ended: {job.status}")
    job.cancel_requested = True
    if job.status == JobStatus.QUEUED:
        job.status = JobStatus.CANCELLED.value
        job.finished_at = utc_now()
    ctx.append(_signal(ctx, streams.cancel_subject(job_id)))
    return job


def _signal(ctx: Context, subject: str) -> Insert:
    """A message over core NATS that goes out after the commit, to whoever listens then."""
    return insert(OutboxRow).values(
        id=new_id(), company_id=ctx.company_id, subject=subject, headers={}, tags=[], created_at=utc_now()
    )
