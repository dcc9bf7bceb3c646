"""A run's own job hands out its chunks, follows them, and knows when enough iterations are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row

from etter_common.clock import monotonic
from etter_common.jobs import Job, JobFailed, JobStatus
from etter_simulation.engine.precision import STEP, Sums, added, enough
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.simulations.chunks.execution import ChunkNotNeeded
from etter_simulation.simulations.chunks.plan import Plan
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.chunks.signals import Ear
from etter_simulation.simulations.meaning import RunKey

LOOK_EVERY_S: Final = 2.0
"""Chunks tell that they are stored; what they told can be lost, so the rows are read this often beside."""

STEPS_AHEAD: Final = 4
"""Of the stopping rule: what may turn out not to be needed, so that no worker waits for the decision."""

PLAYED: Final = 0.9
"""The run's progress when all is played; the rest is merging."""


class ChunkFailed(JobFailed):
    code, title = "CHUNK_FAILED", "A part of the simulation could not be played"


class Pace:
    """How long the rest will take at the speed since the first look, wherever the work stood then."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None

    def eta_s(self, share: float) -> float | None:
        """None while nothing has moved: when a worker will be free is not known."""
        now = self._clock()
        if self._first is None or share < self._first[1]:
            self._first = now, share
        since, before = self._first
        return (now - since) * (1 - share) / (share - before) if share > before else None


class Gathering:
    def __init__(self, job: Job, key: RunKey, plan: Plan, request: SimulationRequest, ear: Ear) -> None:
        self._job, self._key, self._plan, self._request, self._ear = job, key, plan, request, ear
        self._pace = Pace()

    async def run(self) -> int | None:
        """How many iterations the result has, all of which are there; None if somebody else has removed chunks."""
        goal = prefix = 0
        while True:
            if self._goal(prefix) > goal:
                goal = self._goal(prefix)
                await self._hand_out(goal)
            chunks = await self._look(goal)
            if chunks is None:
                return None
            prefix = complete_prefix(chunks)
            iterations = self._decide(chunks, prefix)
            if iterations is not None:
                return iterations
            if self._goal(prefix) <= goal:
                await self._wait(chunks)

    def _goal(self, prefix: int) -> int:
        count = self._request.n_iterations
        return min(count, prefix - prefix % STEP + STEPS_AHEAD * STEP) if self._request.precision else count

    def _decide(self, chunks: Sequence[Row[Any]], prefix: int) -> int | None:
        if self._request.precision:
            found = enough(self._request.precision, sums_by_step(chunks, prefix))
            if found is not None:
                return min(found * STEP, self._request.n_iterations)
        return prefix if prefix == self._request.n_iterations else None

    async def _hand_out(self, goal: int) -> None:
        async with self._job.work() as ctx:
            await ChunkRepository(ctx).hand_out(self._key, self._plan.spans(goal))

    async def _look(self, goal: int) -> Sequence[Row[Any]] | None:
        self._ear.forget()
        async with self._job.platform.work(company_id=self._job.company_id) as ctx:
            chunks = await ChunkRepository(ctx).list_states(self._key)
        if is_refused(chunks):
            await self._hand_out(goal)
        there = {(chunk.first_iteration, chunk.last_iteration) for chunk in chunks}
        return chunks if there.issuperset(self._plan.spans(goal)) else None

    async def _wait(self, chunks: Sequence[Row[Any]]) -> None:
        """Until something new is in the rows, telling how far it is; raises `JobCancelled`."""
        until = monotonic() + LOOK_EVERY_S
        while not self._ear.is_stored and (left := until - monotonic()) > 0:
            await self._report(chunks)
            await _first_of(self._ear.news, self._job.cancelling, timeout_s=left)
            self._ear.news.clear()

    async def _report(self, chunks: Sequence[Row[Any]]) -> None:
        played = sum(self._share(chunk) * (chunk.last_iteration - chunk.first_iteration) for chunk in chunks)
        share = played / self._request.n_iterations
        await self._job.report(PLAYED * share, "simulating" if share else "waiting", self._pace.eta_s(PLAYED * share))

    def _share(self, chunk: Row[Any]) -> float:
        if chunk.status == JobStatus.SUCCEEDED:
            return 1.0
        return max(self._ear.shares.get(chunk.first_iteration, 0.0), float(chunk.progress))


def is_refused(chunks: Sequence[Row[Any]]) -> bool:
    """Whether some are to be handed out again; raises `ChunkFailed` if one has failed for good.

    A worker of the release before looks for a run that needs just such a chunk as it knows, and finds none.
    """
    failed = [chunk for chunk in chunks if chunk.status == JobStatus.FAILED]
    for chunk in failed:
        if chunk.error_code != ChunkNotNeeded.code:
            raise ChunkFailed(f"{chunk.error_code}: {chunk.error_detail}")
    return bool(failed)


def complete_prefix(chunks: Sequence[Row[Any]]) -> int:
    """How many iterations from 0 on are there without a gap; `chunks` in order."""
    last = 0
    for chunk in chunks:
        if chunk.status != JobStatus.SUCCEEDED or chunk.first_iteration != last:
            break
        last = chunk.last_iteration
    return last


def sums_by_step(chunks: Sequence[Row[Any]], prefix: int) -> list[list[Sums]]:
    """The targets' sums of each whole step of the prefix, and of its end."""
    steps = []
    for _, group in groupby(chunks, key=lambda chunk: chunk.first_iteration // STEP):
        own = [chunk.sums for chunk in group if chunk.last_iteration <= prefix]
        if own:
            steps.append([_total(of_target) for of_target in zip(*own, strict=True)])
    whole = prefix // STEP
    return steps[: whole + 1] if chunks and prefix == chunks[-1].last_iteration else steps[:whole]


def _total(sums: Sequence[Sums]) -> Sums:
    total = [0, 0, 0]
    for one in sums:
        total = added(total, [int(value) for value in one])
    return total


async def _first_of(*events: asyncio.Event, timeout_s: float) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
