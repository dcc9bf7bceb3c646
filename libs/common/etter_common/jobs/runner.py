"""Takes jobs from a queue, one per slot, and brings each to exactly one final state.

The queue's message says that there is work, the rows say which and whose it is: a worker has a job while its row is
`running` with its attempt number. A killed worker falls silent, its message comes again after `ack_wait_s`, and the
next worker takes the job over with the next number; whatever the first one still tries to write is refused.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerInfo

from etter_common import metrics
from etter_common.events import dead_letters, streams
from etter_common.events.pull import Pull
from etter_common.events.retry import RetryPolicy, reason
from etter_common.events.supervisor import first_to_end, honour_cancel, stop, supervised
from etter_common.jobs.attempt import Attempt, OnStop, Rules, Stopped
from etter_common.jobs.claim import Settled
from etter_common.jobs.job import Job
from etter_common.jobs.models import FINAL, JobMixin
from etter_common.jobs.queue import Queue, Ticket
from etter_common.jobs.sweep import sweep
from etter_common.jobs.waiting import measure
from etter_common.logging import get_logger

if TYPE_CHECKING:
    from etter_common.platform import Platform

__all__ = ["Stopped", "runner"]

DRAIN_S: Final = 8.0
_log = get_logger(__name__)


def runner(
    queue: Queue, model: type[JobMixin], run: Callable[[Job], Awaitable[None]],
    *, slots: int = 1, max_attempts: int = 3, deadline_s: float = 3600.0,
    on_stop: OnStop | None = None, retry: RetryPolicy | None = None, drain_s: float = DRAIN_S,
) -> Callable[[Platform], AbstractAsyncContextManager[None]]:  # fmt: skip
    """Run `run(job)` for every job of `queue`, `slots` at a time, as a `Background`.

    `run` ends a job by `async with job.succeed()`; returning without it succeeds with no effect of its own. An
    exception is tried again after a growing delay, `max_attempts` times in all, at once final when it is the input's
    fault (an `AppError` of 4xx). `deadline_s` bounds one attempt. `on_stop` runs inside the transaction that ends a
    job as failed or cancelled: publish there what others must know. When the process ends, running jobs have
    `drain_s` to end by themselves; then they go back to the queue.
    """
    policy = retry or RetryPolicy(tries=max_attempts, first_s=2.0)
    rules = Rules(queue, model, run, on_stop, max_attempts, deadline_s, policy)

    @asynccontextmanager
    async def background(platform: Platform) -> AsyncGenerator[None]:
        async with supervised(f"jobs-{queue.name}", _Runner(platform, rules, slots, drain_s).run):
            yield

    return background


@dataclass
class _Slot:
    message: Msg
    attempt: Attempt | None = None


class _Runner:
    """The taking of one process."""

    def __init__(self, platform: Platform, rules: Rules, slots: int, drain_s: float) -> None:
        self._platform = platform
        self._rules = rules
        self._queue = rules.queue
        self._slots = slots
        self._drain_s = drain_s
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._taken: dict[asyncio.Task[None], _Slot] = {}
        self._pull = Pull(
            platform.nats, self._queue.stream, streams.WORKERS,
            demand=lambda: self._slots - len(self._taken), ensure=self._ensure,
        )  # fmt: skip
        self._config = streams.jobs_consumer(self._queue.ack_wait_s)
        _start_counters(self._queue)

    async def run(self) -> None:
        await self._ensure_patiently()
        signals = await self._platform.nats.subscribe(streams.cancel_subject("*"), cb=self._on_cancel)
        try:
            honour_cancel()
            await first_to_end(
                self._take(), self._keep_alive(), self._sweep(), self._measure(), self._until_draining()
            )  # fmt: skip
        finally:
            with suppress(NatsError):
                await signals.unsubscribe()
            await self._drain()
        if self._platform.health.draining.is_set():
            await asyncio.Event().wait()  # nothing begins anew in a process that ends

    async def _until_draining(self) -> None:
        """All queues of a process drain at once, not each after the one before."""
        await self._platform.health.draining.wait()

    async def _ensure(self) -> ConsumerInfo:
        await streams.ensure_queue(self._platform, self._queue.name)
        return await streams.ensure_consumer(self._platform, self._queue.stream, self._config)

    async def _ensure_patiently(self) -> None:
        while True:
            try:
                await self._ensure()
                return
            except (NatsError, OSError, TimeoutError) as error:
                _log.warning("queue_not_ready", queue=self._queue.name, error_type=type(error).__name__)
                await asyncio.sleep(1)

    async def _take(self) -> None:
        async for message in self._pull.messages():
            if len(self._taken) >= self._slots:  # asked for twice after a silence: somebody else has room
                await message.nak(delay=0.5)
                continue
            slot = _Slot(message)
            task = asyncio.create_task(self._work(slot), name=f"job-{self._queue.name}")
            self._taken[task] = slot
            task.add_done_callback(self._freed)

    def _freed(self, task: asyncio.Task[None]) -> None:
        self._taken.pop(task, None)
        self._pull.wake()

    async def _work(self, slot: _Slot) -> None:
        message = slot.message
        try:
            ticket = msgspec.json.decode(message.data, type=Ticket)
        except msgspec.DecodeError as error:
            await self._bury(message, error)
            return
        slot.attempt = Attempt(self._platform, self._rules, ticket, self._worker)
        metrics.JOBS_RUNNING.labels(self._queue.name).inc()
        try:
            await self._answer(message, await slot.attempt.run())
        except Exception:  # unanswered, the message comes again and finds the row as it is
            _log.exception("job_attempt_broke", job_id=ticket.job_id)
        finally:
            metrics.JOBS_RUNNING.labels(self._queue.name).dec()

    async def _answer(self, message: Msg, settled: Settled) -> None:
        with suppress(NatsError):  # lost: the message comes again and finds the job settled
            if settled.again_in_s is None:
                await message.ack()
            else:
                await message.nak(delay=settled.again_in_s)

    async def _bury(self, message: Msg, error: Exception) -> None:
        consumer = _dead_letters_of(self._queue)
        with suppress(NatsError):
            await dead_letters.bury(self._platform.nats, message, consumer=consumer, reason=reason(error), tries=1)
            metrics.DEAD_LETTERS.labels(consumer).inc()
        _log.error("job_message_unreadable", queue=self._queue.name, reason=reason(error))

    async def _keep_alive(self) -> None:
        """In-progress acknowledgements: silence for `ack_wait_s` means that this worker is gone."""
        while True:
            await asyncio.sleep(self._queue.ack_wait_s / 4)
            for slot in list(self._taken.values()):
                with suppress(NatsError):
                    await slot.message.in_progress()
            honour_cancel()

    async def _sweep(self) -> None:
        await sweep(self._platform, self._rules, consumer=streams.WORKERS)

    async def _measure(self) -> None:
        await measure(self._platform, self._rules)

    async def _on_cancel(self, message: Msg) -> None:
        job_id = message.subject.rpartition(".")[2]
        for slot in list(self._taken.values()):
            if slot.attempt is not None and str(slot.attempt.job_id) == job_id:
                slot.attempt.look.set()

    async def _drain(self) -> None:
        """Let running jobs end for a while, then hand back the rest for another worker to take at once."""
        alive = asyncio.create_task(self._keep_alive())
        if self._taken:
            await asyncio.wait(list(self._taken), timeout=self._drain_s)
        await stop(alive, *self._taken)


def _dead_letters_of(queue: Queue) -> str:
    return f"jobs-{queue.name}"


def _start_counters(queue: Queue) -> None:
    """There from the start, so that the first failure is an increase and not the birth of a row."""
    for status in FINAL:
        metrics.JOBS_FINISHED.labels(queue.name, status.value)
    metrics.JOBS_BROKEN.labels(queue.name)
    metrics.DEAD_LETTERS.labels(_dead_letters_of(queue))
