"""A stack of the servers alone, run, killed, found again."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psutil
import pytest

from etter_devstack import daemon, preflight, runner
from etter_devstack.leftovers import stop_leftovers
from etter_devstack.runner import AlreadyRunning, Book
from etter_devstack.servers.ports import PortClaims
from etter_devstack.servers.process import StartError
from etter_devstack.stack import SERVERS, Plan
from etter_devstack.state import Home, Running, State, started_at
from etter_devstack.supervisor import Change

from .processes import is_gone, script, until

RUNNER = """
import sys
from pathlib import Path
from etter_devstack import runner
from etter_devstack.state import Home

async def ready(plan):
    print("ready", flush=True)

root, folder, *parts = sys.argv[1:]
runner.run(Home(Path(root), Path(folder)), report=lambda change: None, only=tuple(parts), when_ready=ready)
"""
LIGHT = ("valkey", "nats")


@contextmanager
def running(home: Home, parts: tuple[str, ...] = LIGHT) -> Iterator[subprocess.Popen[str]]:
    """A runner of some parts in a process of its own, ready; killed at the end if it still runs."""
    with script(RUNNER, str(home.root), str(home.folder), *parts) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()
            process.wait()


def all_pids(process: subprocess.Popen[str]) -> list[int]:
    """The runner, its servers, its watchdog and everything below them."""
    return [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]


class TestRun:
    def test_a_killed_runner_leaves_no_process_and_no_lock(self, home: Home) -> None:
        with running(home, SERVERS) as process:
            pids = all_pids(process)
            assert len(pids) > len(SERVERS) + 1
            process.kill()
            until(lambda: all(is_gone(pid) for pid in pids))
        assert home.running() is None
        assert home.lock()
        home.unlock()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_all_of_it(self, home: Home, number: signal.Signals) -> None:
        with running(home) as process:
            pids = all_pids(process)
            process.send_signal(number)
            assert process.wait(timeout=60) == 0
        assert all(is_gone(pid) for pid in pids)
        assert home.read_state() is None

    def test_a_second_one_says_where_the_first_is(self, home: Home) -> None:
        with running(home):
            with pytest.raises(AlreadyRunning) as already:
                runner.run(home, report=lambda _: None)
            assert already.value.state is not None
            assert already.value.state.ingress_url == Plan.running(home).ingress_url

    def test_ports_and_secrets_are_used_again(self, home: Home) -> None:
        with running(home, SERVERS) as process:
            ports, secret = home.ports(), home.secret("postgres")
            process.terminate()
            process.wait(timeout=60)
        with running(home, SERVERS):
            assert home.ports() == ports
            assert home.secret("postgres") == secret

    def test_two_folders_run_at_once(self, home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
        other = Home(home.root, tmp_path_factory.mktemp("other") / ".etter")
        with running(home) as first, running(other) as second:
            assert not set(home.ports().values()) & set(other.ports().values())
            first.terminate()
            first.wait(timeout=60)
            assert second.poll() is None
            state = other.running()
            assert state is not None
            assert all(part.process for part in state.parts.values())
            assert daemon.stop(other)

    def test_a_port_that_was_asked_for_and_is_taken_is_told(self, home: Home) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(StartError, match=f"port {port} is taken"):
                runner.run(home, report=lambda _: None, port=port)
        assert home.lock()
        home.unlock()


class TestBook:
    def test_a_full_disk_ends_nothing_and_the_next_change_is_written(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.folder.mkdir()
        with closing(PortClaims()) as claims:
            book = Book(Plan.of(home, claims))
        write = Home.write_state

        def refuse(_home: Home, _state: State) -> None:
            raise OSError(errno.ENOSPC, "no space left on the disk")

        monkeypatch.setattr(Home, "write_state", refuse)
        book.note(Change("nats", "starting", pid=os.getpid()))
        monkeypatch.setattr(Home, "write_state", write)
        book.note(Change("nats", "ready"))
        assert (
            json.loads((home.folder / "state.json").read_text(encoding="utf-8"))["parts"]["nats"]["pid"] == os.getpid()
        )


class TestState:
    def test_says_who_runs_while_it_runs(self, home: Home) -> None:
        with running(home) as process:
            state = home.running()
            assert state is not None
            assert state.is_ready
            assert state.supervisor.pid == process.pid
            assert set(state.parts) == set(LIGHT)
            assert all(part.process and part.url for part in state.parts.values())

    def test_secrets_and_state_are_for_the_owner_alone(self, home: Home) -> None:
        with running(home):
            for name in ("secrets.json", "state.json", "ports.json"):
                assert (home.folder / name).stat().st_mode & 0o077 == 0


class TestStop:
    def test_stops_a_runner_of_another_terminal(self, home: Home) -> None:
        with running(home) as process:
            pids = all_pids(process)
            assert daemon.stop(home)
            assert process.wait(timeout=60) == 0
        assert all(is_gone(pid) for pid in pids)

    def test_nothing_to_stop_is_told(self, home: Home) -> None:
        assert not daemon.stop(home)

    def test_leftovers_of_this_folder_alone_are_ended(self, home: Home) -> None:
        left, foreign = (subprocess.Popen(["sleep", "60"], process_group=0) for _ in range(2))
        reused = Running("core", foreign.pid, started_at(foreign.pid) - 100, "", "")  # its pid belongs to another now
        mine = Running("auth", left.pid, started_at(left.pid), "", "")
        dead = Running("supervisor", 2**22 - 1, 1.0, "", "")
        home.make()
        home.write_state(State(dead, "", parts={"auth": mine, "core": reused}))
        assert stop_leftovers(home)
        assert left.wait(timeout=60) == -signal.SIGINT
        assert foreign.poll() is None
        assert home.read_state() is None
        os.killpg(foreign.pid, signal.SIGKILL)
        foreign.wait()


class TestPreflight:
    def test_a_folder_that_cannot_be_made_is_told(self, home: Home) -> None:
        (home.folder.parent / "file").touch()
        with pytest.raises(StartError, match="cannot be written to"):
            preflight.check(Home(home.root, home.folder.parent / "file" / ".etter"))

    def test_a_full_disk_is_told(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(preflight, "NEEDED_BYTES", 2**60)
        with pytest.raises(StartError, match=r"MB are free at .*needs 1 GB"):
            preflight.check(home)
