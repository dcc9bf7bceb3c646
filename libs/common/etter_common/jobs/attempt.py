"""One try at one job: claim it, run it beside its heartbeat, and write how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from etter_common import metrics, tracing
from etter_common.clock import monotonic
from etter_common.context import Context
from etter_common.errors import AppError, DeadlineExceeded
from etter_common.events.retry import Kind, RetryPolicy, classify, reason
from etter_common.events.supervisor import stop
from etter_common.jobs.claim import Settled, claim
from etter_common.jobs.job import Job, JobCancelled, JobLost
from etter_common.jobs.models import JobMixin, JobStatus, db_now
from etter_common.jobs.queue import Queue, Ticket, work_message
from etter_common.logging import bound, get_logger
from etter_common.work_trace import traced

if TYPE_CHECKING:
    from etter_common.platform import Platform

HEARTBEAT_S: Final = 0.75
MAX_LOST_WORKERS: Final = 20
_CANCEL_GRACE_S: Final = 5.0
_AWAY_S: Final = 2.0
_log = get_logger(__name__)


class JobDeadlineExceeded(DeadlineExceeded):
    code, title = "JOB_DEADLINE_EXCEEDED", "The job took longer than its deadline"


class JobWorkerLost(AppError):
    code, title = "JOB_WORKER_LOST", "The workers of this job were lost again and again"


@dataclass(frozen=True)
class Stopped:
    """How a job ended that did not succeed; `status` is `failed` or `cancelled`."""

    job_id: UUID
    status: JobStatus
    error_code: str | None = None
    error_detail: str | None = None


OnStop = Callable[[Context, Stopped], Awaitable[None]]


@dataclass(frozen=True)
class Rules:
    """What a runner was told."""

    queue: Queue
    model: type[JobMixin]
    run: Callable[[Job], Awaitable[None]]
    on_stop: OnStop | None
    max_attempts: int
    deadline_s: float
    retry: RetryPolicy


class Attempt:
    """`look` makes it look at the row at once: somebody may have asked for the job's end."""

    def __init__(self, platform: Platform, rules: Rules, ticket: Ticket, worker: str) -> None:
        self.ticket = ticket
        self.look = asyncio.Event()
        self._platform = platform
        self._rules = rules
        self._worker = worker
        self._job: Job | None = None

    @property
    def job_id(self) -> UUID | None:
        """The job it is at; not known before one is taken."""
        return self._job.id if self._job else None

    async def run(self) -> Settled:
        """Never raises but for cancellation, on which the job goes back to the queue."""
        try:
            return await self._claim_and_run()
        except JobLost:
            _log.warning("job_lost")
            return Settled()
        except asyncio.CancelledError:
            if self._job is None or self._job.ended:
                raise
            await asyncio.shield(self._give_back())
            return Settled(again_in_s=0)
        except Exception as error:
            if classify(error) is not Kind.AWAY:
                raise
            _log.warning("job_waits", reason=reason(error))
            return Settled(again_in_s=_AWAY_S)

    async def _claim_and_run(self) -> Settled:
        rules = self._rules
        claimed = await claim(self._platform, rules.queue, rules.model, self.ticket, worker=self._worker)
        if isinstance(claimed, Settled):
            return claimed
        job = self._job = Job(
            self._platform, rules.model, row=claimed.row, job_id=claimed.job_id, company_id=claimed.company_id,
            origin=claimed.origin,
        )  # fmt: skip
        if claimed.row.cancel_requested:
            job.cancelling.set()
        origin = claimed.origin
        ids = {"request_id": origin.request_id, "job_id": job.id, "company_id": job.company_id}
        started = monotonic()
        with bound(**ids, queue=rules.queue.name), traced(f"job {rules.queue.name}", origin.traceparent) as outcome:
            _log.info("job_taken", attempt=job.attempt)
            error = await self._run_beside_heartbeat(job)
            outcome.failed = error is not None and not isinstance(error, JobCancelled)
            await self._end(job, error)
        metrics.JOB_SECONDS.labels(rules.queue.name).observe(monotonic() - started)
        return Settled()

    async def _run_beside_heartbeat(self, job: Job) -> Exception | None:
        """How `run` ended; `None` is a success that is written already or has nothing to write."""
        if job.attempt - job.failures > MAX_LOST_WORKERS:
            return JobWorkerLost()
        if job.cancelling.is_set():
            return JobCancelled()
        work = asyncio.create_task(self._run(job))
        heart = asyncio.create_task(self._beat(job))
        ender = asyncio.create_task(self._stop_when_cancelled(job, work))
        try:
            await asyncio.wait({work, heart}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():  # the heart stops only when the job is lost
                await stop(work)
                heart.result()
            return work.result()
        finally:
            await stop(work, heart, ender)

    async def _run(self, job: Job) -> Exception | None:
        deadline = asyncio.timeout(self._rules.deadline_s)
        try:
            async with deadline:
                await self._rules.run(job)
        except JobLost:
            raise
        except asyncio.CancelledError:
            if job.cancelling.is_set():
                return JobCancelled()
            raise
        except Exception as error:
            return JobDeadlineExceeded() if deadline.expired() else error
        return None

    async def _beat(self, job: Job) -> None:
        """Show a sign of life in the row and see whether the end was asked for; raises `JobLost`."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self.look.wait()
            self.look.clear()
            if not job.is_ending:
                await self._beat_once(job)

    async def _beat_once(self, job: Job) -> None:
        try:
            await job.write(heartbeat_at=db_now())
        except JobLost:
            if not job.is_ending:  # the last transaction was quicker than this one
                raise
        except Exception as error:
            if classify(error) is Kind.PERMANENT:
                raise
            _log.warning("job_heartbeat_failed", reason=reason(error))

    async def _stop_when_cancelled(self, job: Job, work: asyncio.Task[Any]) -> None:
        """`run` may end by itself within the grace, where it looks; then it is cancelled."""
        await job.cancelling.wait()
        await asyncio.wait({work}, timeout=_CANCEL_GRACE_S)
        await stop(work)

    async def _end(self, job: Job, error: Exception | None) -> None:
        if job.ended:
            self._count(JobStatus.SUCCEEDED)
        elif error is None:
            async with job.succeed():
                pass
            self._count(JobStatus.SUCCEEDED)
        elif isinstance(error, JobCancelled):
            await self._stop(job, Stopped(job.id, JobStatus.CANCELLED))
        elif self._is_final(job, error):
            code, detail = _told(error)
            if not isinstance(error, AppError) or error.status >= 500:
                metrics.JOBS_BROKEN.labels(self._rules.queue.name).inc()
            if not isinstance(error, AppError):
                _log.error("job_failed", reason=reason(error), exc_info=error)
            await self._stop(job, Stopped(job.id, JobStatus.FAILED, code, detail))
        else:
            await self._try_again(job, error)

    def _is_final(self, job: Job, error: Exception) -> bool:
        if isinstance(error, JobDeadlineExceeded | JobWorkerLost):
            return True
        if isinstance(error, AppError) and error.status < 500:
            return True
        if classify(error) is Kind.AWAY:
            return False
        return classify(error) is Kind.PERMANENT or job.failures + 1 >= self._rules.max_attempts

    async def _stop(self, job: Job, stopped: Stopped) -> None:
        try:
            await self._write_end(job, stopped, self._rules.on_stop)
        except Exception as error:
            if isinstance(error, JobLost) or classify(error) is Kind.AWAY:
                raise
            _log.exception("job_on_stop_failed")  # a job must end, whatever its announcement does
            tracing.capture(error)
            await self._write_end(job, stopped, None)
        self._count(stopped.status)
        _log.info("job_stopped", status=stopped.status.value, error_code=stopped.error_code)

    async def _write_end(self, job: Job, stopped: Stopped, on_stop: OnStop | None) -> None:
        columns = {"error_code": stopped.error_code, "error_detail": stopped.error_detail, "eta_seconds": None}
        async with job.end(stopped.status, **columns) as ctx:
            if on_stop is not None:
                await on_stop(ctx, stopped)

    async def _try_again(self, job: Job, error: Exception) -> None:
        """Back into the queue, not to be taken before its time, with a message of its own."""
        counts = classify(error) is not Kind.AWAY
        failures = job.failures + (1 if counts else 0)
        delay_s = self._rules.retry.delay_s(max(failures, 1))
        not_before = db_now() + timedelta(seconds=delay_s)
        async with job.requeue(failures=failures, not_before=not_before) as ctx:
            ticket = Ticket(job_id=job.id, company_id=job.company_id)
            ctx.append(work_message(ctx, self._rules.queue, ticket))
        _log.warning(
            "job_failed_will_retry", failures=failures, delay_s=round(delay_s, 1), reason=reason(error),
            exc_info=error if counts else None,
        )  # fmt: skip
        tracing.capture(error)

    async def _give_back(self) -> None:
        """The process ends: the row goes back to queued, so that the next worker need not wait for silence."""
        assert self._job is not None  # noqa: S101 - checked by the caller
        with suppress(Exception):
            async with self._job.requeue():
                pass

    def _count(self, status: JobStatus) -> None:
        metrics.JOBS_FINISHED.labels(self._rules.queue.name, status.value).inc()


def _told(error: Exception) -> tuple[str, str]:
    """Code and detail for the job's owner; what is not an expected failure is not told in detail."""
    if isinstance(error, AppError):
        return error.code, error.detail
    return AppError.code, "The job failed unexpectedly"
