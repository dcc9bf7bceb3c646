"""A job as the function that runs it sees it: report, checkpoint, stop when asked, write the effect once."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, update

from etter_common.clock import monotonic
from etter_common.context import Context, Origin
from etter_common.errors import Unprocessable
from etter_common.jobs import progress
from etter_common.jobs.models import JobMixin, JobStatus, db_now

if TYPE_CHECKING:
    from etter_common.platform import Platform

_REPORT_EVERY_S = 0.2


class JobCancelled(Exception):
    """The job was asked to end; let it pass through."""


class JobLost(Exception):
    """Another worker has the job now; nothing of this one may be written any more. Let it pass through."""


class JobFailed(Unprocessable):
    """The input cannot be worked on: no further try. Subclass it with the code that tells why."""

    code, title = "JOB_FAILED", "The job cannot be done"


class Job:
    """One attempt at a job. `attempt` is the fencing token: all writes hold only while the row still shows it."""

    def __init__(
        self, platform: Platform, model: type[JobMixin], *, row: JobMixin, job_id: UUID, company_id: UUID,
        origin: Origin,
    ) -> None:  # fmt: skip
        self.id = job_id
        self.company_id = company_id
        self.attempt = row.attempts
        self.failures = row.failures
        self.checkpoint: dict[str, Any] = dict(row.checkpoint or {})
        self.ended = False
        self.is_ending = False  # the last transaction is under way or done
        self.cancelling = asyncio.Event()
        self.platform = platform
        self.model: Any = model  # the mixins' columns; a protocol of mapped class attributes cannot be typed
        self._origin = origin
        self._state = progress.State.of(row)
        self._reported = float("-inf")

    async def report(self, progress: float, stage: str, eta_seconds: float | None = None) -> None:
        """Show how far it is (0..1), to everyone who follows it; also notices a cancellation.

        Call it as often as you like: more than five a second are dropped, unless the stage changes.
        """
        await self.raise_if_cancelled()
        value = min(1.0, max(0.0, progress))
        if stage == self._state.stage and monotonic() - self._reported < _REPORT_EVERY_S:
            return
        self._reported = monotonic()
        eta = math.ceil(eta_seconds) if eta_seconds is not None else None
        await self.write(progress=value, stage=stage, eta_seconds=eta, heartbeat_at=db_now())

    async def save_checkpoint(self, data: Mapping[str, Any]) -> None:
        """Keep what the next attempt may start from; replaces the last checkpoint."""
        self.checkpoint = dict(data)
        await self.write(checkpoint=self.checkpoint, heartbeat_at=db_now())

    async def checkpoint_in(self, ctx: Context, data: Mapping[str, Any]) -> None:
        """Like `save_checkpoint`, in a transaction of `work()`: an effect and the note that it is done, or neither."""
        await self._update(ctx, checkpoint=dict(data), heartbeat_at=db_now())
        self.checkpoint = dict(data)

    async def raise_if_cancelled(self) -> None:
        """Raise `JobCancelled` once somebody has asked for the end; costs nothing, call it between steps."""
        if self.cancelling.is_set():
            raise JobCancelled

    @asynccontextmanager
    async def work(self) -> AsyncGenerator[Context]:
        """A transaction of the job's company. It commits only while this attempt still has the job."""
        async with self.platform.work(origin=self._origin, company_id=self.company_id) as ctx:
            yield ctx
            await self._hold(ctx)

    @asynccontextmanager
    async def succeed(self) -> AsyncGenerator[Context]:
        """The last transaction: what the block writes and publishes, and the job's success, or neither."""
        async with self.end(JobStatus.SUCCEEDED, progress=1.0, eta_seconds=0) as ctx:
            yield ctx

    @asynccontextmanager
    async def end(self, status: JobStatus, **columns: Any) -> AsyncGenerator[Context]:
        async with self._last(status=status.value, finished_at=db_now(), **columns) as ctx:
            yield ctx
        self.ended = True

    @asynccontextmanager
    async def requeue(self, **columns: Any) -> AsyncGenerator[Context]:
        """Give the job up for another attempt, with what the block writes."""
        queued = {
            **columns,
            "status": JobStatus.QUEUED.value,
            "heartbeat_at": None,
            "worker": None,
            "eta_seconds": None,
        }
        async with self._last(queued_at=db_now(), **queued) as ctx:
            yield ctx

    @asynccontextmanager
    async def _last(self, **columns: Any) -> AsyncGenerator[Context]:
        """The transaction after which this attempt has the job no more."""
        self.is_ending = True
        try:
            async with self.platform.work(origin=self._origin, company_id=self.company_id) as ctx:
                yield ctx
                row = await self._update(ctx, **columns)
        except BaseException:
            self.is_ending = False
            raise
        await self._publish(row)

    async def write(self, **columns: Any) -> None:
        """Change the job's row in a transaction of its own and tell the followers."""
        async with self.platform.work(origin=self._origin, company_id=self.company_id) as ctx:
            row = await self._update(ctx, **columns)
        if row.cancel_requested:
            self.cancelling.set()
        await self._publish(row)

    async def _hold(self, ctx: Context) -> None:
        """Lock the row until the commit, so that nobody takes the job over in between."""
        statement = select(self.model.id).where(*self._mine()).with_for_update()
        if await ctx.session.scalar(statement) is None:
            raise JobLost

    async def _update(self, ctx: Context, **columns: Any) -> JobMixin:
        await ctx.session.flush()
        statement = update(self.model).where(*self._mine()).values(**columns).returning(self.model)
        row: JobMixin | None = await ctx.session.scalar(
            statement, execution_options={"populate_existing": True, "synchronize_session": False}
        )
        if row is None:
            raise JobLost
        return row

    def _mine(self) -> tuple[Any, ...]:
        model = self.model
        return (
            model.id == self.id, model.company_id == self.company_id,
            model.attempts == self.attempt, model.status == JobStatus.RUNNING.value,
        )  # fmt: skip

    async def _publish(self, row: JobMixin) -> None:
        state = progress.State.of(row)
        if state.shown != self._state.shown:
            self._state = state
            await progress.publish(self.platform, self.id, state)
