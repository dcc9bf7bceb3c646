"""Starting in order, keeping alive, stopping in the opposite order."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from etter_devstack import supervisor
from etter_devstack.servers.process import Process, StartError
from etter_devstack.supervisor import Change, Part, Supervisor

from .processes import is_gone, python

SLEEP = "import time; print('up', flush=True); time.sleep(60)"


@dataclass
class Child:
    """Ready once it has said so."""

    process: Process

    def is_ready(self) -> bool:
        return "up" in self.process.tail()

    def stop(self) -> None:
        self.process.stop()


@dataclass
class Diary:
    """What was told, in order."""

    changes: list[Change] = field(default_factory=list)

    def told(self, how: str) -> list[str]:
        return [change.name for change in self.changes if change.how == how]

    def pids(self, name: str) -> list[int]:
        return list(dict.fromkeys(change.pid for change in self.changes if change.name == name and change.pid))


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., Part]:
    def make(name: str, *, after: tuple[str, ...] = (), code: str = SLEEP) -> Part:
        async def launch() -> Child:
            return Child(python(code, log=tmp_path / f"{name}.log"))

        return Part(name, launch, after)

    return make


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


async def stopped_when(running: Supervisor, condition: Callable[[], bool]) -> None:
    """Let it run until `condition` holds, then stop it."""
    task = asyncio.create_task(running.run())
    await eventually(condition)
    running.stop()
    await task


class TestSupervisor:
    async def test_order_of_needs_and_back(self, child: Callable[..., Part], diary: Diary) -> None:
        parts = [child("gate", after=("api",)), child("api", after=("db", "bus")), child("db"), child("bus")]
        running = Supervisor(parts, diary.changes.append)
        await stopped_when(running, lambda: len(diary.told("ready")) == 4)
        assert set(diary.told("ready")[:2]) == {"db", "bus"}
        assert diary.told("ready")[2:] == ["api", "gate"]
        assert diary.told("stopped")[:2] == ["gate", "api"]
        assert all(is_gone(pid) for name in ("gate", "api", "db", "bus") for pid in diary.pids(name))

    async def test_one_that_is_killed_starts_again(
        self, child: Callable[..., Part], diary: Diary, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor, "_FIRST_PAUSE_S", 0.01)
        running = Supervisor([child("worker")], diary.changes.append)
        task = asyncio.create_task(running.run())
        await eventually(lambda: diary.told("ready") == ["worker"])
        os.kill(diary.pids("worker")[0], signal.SIGKILL)
        await eventually(lambda: len(diary.told("ready")) == 2)
        running.stop()
        await task
        first, second = diary.pids("worker")
        assert first != second
        notes = [change.note for change in diary.changes if change.how == "restarting"]
        assert notes == ["ended with exit code -9; start 2 in 0.01 s"]

    async def test_one_whose_start_cannot_write_is_tried_again(
        self, tmp_path: Path, diary: Diary, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor, "_FIRST_PAUSE_S", 0.01)
        starts: list[int] = []

        async def launch() -> Child:
            starts.append(len(starts))
            if len(starts) == 2:
                raise OSError(errno.ENOSPC, "no space left on the disk")
            return Child(python(SLEEP, log=tmp_path / f"{len(starts)}.log"))

        task = asyncio.create_task((running := Supervisor([Part("ingress", launch)], diary.changes.append)).run())
        await eventually(lambda: diary.told("ready") == ["ingress"])
        os.kill(diary.pids("ingress")[0], signal.SIGKILL)
        await eventually(lambda: len(diary.told("ready")) == 2)
        running.stop()
        await task
        assert len(starts) == 3

    async def test_one_that_is_stuck_starts_again(
        self, child: Callable[..., Part], diary: Diary, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("_FIRST_PAUSE_S", "_STUCK_EVERY_S", "_STUCK_AFTER_S"):
            monkeypatch.setattr(supervisor, name, 0.0)
        answers = iter([True, True, False, True, True, True])  # a yes in between is no verdict
        asked: list[bool] = []

        def is_stuck() -> bool:
            asked.append(next(answers, False))
            return asked[-1]

        part = replace(child("nats"), is_stuck=is_stuck)
        await stopped_when(Supervisor([part], diary.changes.append), lambda: len(diary.told("ready")) == 2)
        first, second = diary.pids("nats")
        assert is_gone(first)
        assert first != second
        assert asked[:6] == [True, True, False, True, True, True]
        notes = [change.note for change in diary.changes if change.how == "restarting"]
        assert notes == ["runs but is stuck; start 2 in 0 s"]

    async def test_one_that_never_gets_up_ends_all(self, child: Callable[..., Part], diary: Diary) -> None:
        parts = [child("db"), child("api", after=("db",), code="raise SystemExit('no key')")]
        with pytest.raises(StartError, match=r"api ended at once \(exit code 1\):\nno key"):
            await Supervisor(parts, diary.changes.append).run()
        assert diary.told("stopped") == ["api", "db"]
        assert is_gone(diary.pids("db")[0])

    async def test_work_that_is_done_counts_as_ready(self, child: Callable[..., Part], diary: Diary) -> None:
        done: list[str] = []

        async def migrate() -> None:
            done.append("migrated")

        running = Supervisor([Part("databases", migrate), child("api", after=("databases",))], diary.changes.append)
        await stopped_when(running, lambda: "api" in diary.told("ready"))
        assert done == ["migrated"]
        assert diary.told("stopped") == ["api"]

    async def test_a_signal_stops_it(self, child: Callable[..., Part], diary: Diary) -> None:
        async def signalled() -> None:
            os.kill(os.getpid(), signal.SIGTERM)

        await Supervisor([child("api")], diary.changes.append).run(signalled)
        assert diary.told("stopped") == ["api"]

    async def test_what_fails_once_all_are_ready_ends_all(self, child: Callable[..., Part], diary: Diary) -> None:
        with pytest.raises(StartError, match="no company"):
            await Supervisor([child("api")], diary.changes.append).run(_failing("no company"))
        assert diary.told("stopped") == ["api"]

    async def test_stopped_twice_does_not_wait(
        self, child: Callable[..., Part], diary: Diary, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Process.stop, "__kwdefaults__", {"grace_s": 3600})
        deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
        running = Supervisor([child("deaf", code=deaf)], diary.changes.append)
        task = asyncio.create_task(running.run())
        await eventually(lambda: diary.told("ready") == ["deaf"])
        running.stop()
        await eventually(lambda: diary.told("stopping") == ["deaf"])
        running.stop()
        await task  # a graceful stop would take an hour


def _failing(words: str) -> Callable[[], Awaitable[None]]:
    async def fail() -> None:
        raise StartError(words)

    return fail
