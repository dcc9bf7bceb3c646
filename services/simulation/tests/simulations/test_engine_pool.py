"""The engine's own process: it can be stopped, lost and replaced."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace
from typing import Any

import pytest

from etter_common.jobs import JobCancelled
from etter_common.settings import ServiceSettings
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations.engine_pool import EnginePool, unless_cancelled

from ..factories import request

pytestmark = pytest.mark.timeout(600)  # the engine may have to be compiled
LONG = request(n_iterations=10_000, steps=600).model_dump_json()
SHORT = request(n_iterations=2, steps=2).model_dump_json()


@pytest.fixture
def pool(settings: ServiceSettings) -> Iterator[EnginePool]:
    assert isinstance(settings, SimulationSettings)
    made = EnginePool(settings)
    yield made
    made.close()


class Watch:
    """Hears reports and tells when the run is under way."""

    def __init__(self) -> None:
        self.under_way = asyncio.Event()
        self.reports: list[tuple[float, str]] = []

    async def __call__(self, share: float, stage: str, _eta: float | None) -> None:
        self.reports.append((share, stage))
        if share > 0:
            self.under_way.set()


class TestPlay:
    async def test_a_run_is_reported_and_can_be_stopped_and_the_next_one_runs(self, pool: EnginePool) -> None:
        watch = Watch()
        run = asyncio.create_task(pool.play(LONG, watch))
        await watch.under_way.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert watch.reports[0] == (0.0, "preparing")
        assert watch.reports[-1][1] == "simulating"
        assert len((await pool.play(SHORT, Watch())).roles) == 2

    async def test_a_lost_process_is_an_error_of_its_run_only(self, pool: EnginePool) -> None:
        before = set(multiprocessing.active_children())
        watch = Watch()
        run = asyncio.create_task(pool.play(LONG, watch))
        await watch.under_way.wait()
        (process,) = set(multiprocessing.active_children()) - before
        process.kill()
        with pytest.raises(BrokenProcessPool):
            await run
        assert len((await pool.play(SHORT, Watch())).roles) == 2


class TestClose:
    def test_an_engine_that_is_being_prepared_is_not_waited_for(self, settings: ServiceSettings) -> None:
        assert isinstance(settings, SimulationSettings)
        before = set(multiprocessing.active_children())
        made = EnginePool(settings)
        made.warm()
        (engine,) = set(multiprocessing.active_children()) - before
        made.close()
        engine.join()
        assert engine.exitcode == -signal.SIGKILL


class TestUnlessCancelled:
    async def test_a_run_that_waits_for_its_turn_ends_at_once(self, pool: EnginePool) -> None:
        watch = Watch()
        first = asyncio.create_task(pool.play(LONG, watch))
        await watch.under_way.wait()
        job: Any = SimpleNamespace(cancelling=asyncio.Event())
        waiting = asyncio.create_task(unless_cancelled(job, pool.play(SHORT, Watch())))
        await asyncio.sleep(0)
        job.cancelling.set()
        with pytest.raises(JobCancelled):
            await waiting
        assert not first.done()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
