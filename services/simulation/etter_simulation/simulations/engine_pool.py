"""The engine beside the worker's event loop: one process of its own, restarted if it is lost."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from uuid import UUID

from etter_common.clock import monotonic
from etter_common.events.supervisor import stop
from etter_common.jobs import Job, JobCancelled
from etter_common.logging import get_logger
from etter_common.platform import Platform
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations import engine_process
from etter_simulation.simulations.engine_process import Output, RunStopped, Task
from etter_simulation.simulations.turns import Turns

LOOK_EVERY_S = 0.1
_log = get_logger(__name__)
NOBODY = UUID(int=0)
"""Whose turn it is for work of no company."""

P = TypeVar("P")
T = TypeVar("T")
Report = Callable[[float, str, float | None], Awaitable[None]]


class EnginePool:
    """One task at a time, on `threads` cores; companies take turns. Being cancelled stops a task when it next tells."""

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings
        self._spawn = multiprocessing.get_context("spawn")
        self._progress: Any = self._spawn.Value("d", 0.0)
        self._stop: Any = self._spawn.Value("q", 0)
        self._number = 0
        self._turns = Turns()
        self._ready = False
        self._pool = self._open()

    def _open(self) -> ProcessPoolExecutor:
        """A fresh process: forking one that has threads and connections would not be safe."""
        self._ready = False
        given = (self._progress, self._stop, self._settings.numba_cache_dir, os.getpid())
        return ProcessPoolExecutor(1, mp_context=self._spawn, initializer=engine_process.begin, initargs=given)

    async def play(self, request_json: str, report: Report, *, company_id: UUID = NOBODY) -> Output:
        """The results of one request; see `perform`."""
        return await self.perform(engine_process.play, request_json, report, company_id=company_id)

    async def perform(
        self, task: Task[P, T], payload: P, report: Report, *, company_id: UUID = NOBODY, stage: str = "simulating"
    ) -> T:
        """What `task` makes of `payload` in the engine's process, telling `report` about it under the name `stage`.

        `task` is a module's own function that imports the engine inside. While others wait, it is the turn of the
        company that was served longest ago. A lost process raises; the next task gets another.
        """
        async with self._turns.turn(company_id):
            try:
                await self._make_ready(report)
                return await self._perform(task, payload, report, stage)
            except BrokenProcessPool:
                _log.warning("engine_process_lost")
                self._pool.shutdown(wait=False)
                self._pool = self._open()
                raise

    async def _make_ready(self, report: Report) -> None:
        if not self._ready:
            await report(0.0, "preparing", None)
            await asyncio.wrap_future(self._pool.submit(engine_process.is_ready))
            self._ready = True

    async def _perform(self, task: Task[P, T], payload: P, report: Report, stage: str) -> T:
        self._number += 1
        self._progress.value = 0.0
        started = monotonic()
        run = asyncio.wrap_future(
            self._pool.submit(engine_process.perform, task, payload, self._settings.threads, self._number)
        )
        try:
            while True:
                done, _ = await asyncio.wait({run}, timeout=LOOK_EVERY_S)
                if done:
                    return run.result()
                share = float(self._progress.value)
                spent = monotonic() - started
                await report(share, stage, spent * (1 - share) / share if share else None)
        except BaseException:
            self._stop.value = self._number
            if not run.done():
                with suppress(RunStopped, BrokenProcessPool):
                    await asyncio.shield(run)
            raise

    def warm(self) -> None:
        """Start the process now instead of with the first run."""
        self._pool.submit(engine_process.is_ready)

    def close(self) -> None:
        """Whatever it is at: at its end Python waits for a pool's process, and compiling may outlast a grace period."""
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()


async def unless_cancelled(job: Job, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives; it is ended at once when the job's end is asked for, also while it waits for its turn."""
    task, asked = asyncio.create_task(work), asyncio.create_task(job.cancelling.wait())
    try:
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise JobCancelled
        return task.result()
    finally:
        await stop(task, asked)


@asynccontextmanager
async def engine_pool(platform: Platform) -> AsyncIterator[None]:
    """Give the worker's platform its engine, for as long as the worker lives."""
    assert isinstance(platform.settings, SimulationSettings)  # noqa: S101 - simulation's platform has its settings
    pool = EnginePool(platform.settings)
    platform.provide(pool)
    pool.warm()
    try:
        yield
    finally:
        pool.close()
