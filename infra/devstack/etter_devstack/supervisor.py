"""Owns a running stack until it is told to stop or a part of it falls."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from etter_devstack import preflight, stack
from etter_devstack.servers.process import StartError
from etter_devstack.stack import Report, Stack
from etter_devstack.state import Home, State

_WATCH_S = 0.5
_UP_TIMEOUT_S = 120


class AlreadyRunning(Exception):
    """This folder's stack runs already; `state` says where."""

    def __init__(self, state: State | None) -> None:
        super().__init__("already running")
        self.state = state


def supervise(
    home: Home, *, port: int | None, report: Report, when_up: Callable[[Stack], None] = lambda _stack: None
) -> None:
    """Run the stack in this process until SIGTERM, SIGINT or a part's end. Raises `StartError`, `AlreadyRunning`.

    `when_up` runs once everything is ready, with the stack watched beside it.
    """
    preflight.check(home)
    if not home.lock():
        raise AlreadyRunning(home.read_state())
    stop_leftovers(home)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with stack.running(home, port=port, report=report) as running:
            home.write_state(stack.state_of(running, home))
            when_up(running)
            _watch(running, stopping)
    except KeyboardInterrupt:
        report("stack", "stopping")
    finally:
        home.forget_state()


def start_detached(home: Home, *, port: int | None) -> State:
    """Start a supervisor of its own session and wait until everything is ready."""
    preflight.check(home)
    log = home.log("supervisor")
    command = [sys.executable, "-m", "etter_devstack.cli", "up", "--foreground"]
    if port is not None:
        command += ["--port", str(port)]
    with log.open("ab") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=home.root,
        )
    deadline = time.monotonic() + _UP_TIMEOUT_S
    while time.monotonic() < deadline:
        state = home.read_state()
        if state and state.supervisor.pid == child.pid and state.supervisor.process:
            return state
        if child.poll() is not None:
            running = home.read_state()
            if running and running.supervisor.process:
                raise AlreadyRunning(running)
            raise StartError(
                log.read_text(encoding="utf-8", errors="replace").strip() or "the supervisor stopped at once"
            )
        time.sleep(0.05)
    child.terminate()
    raise StartError(f"the stack did not get ready in {_UP_TIMEOUT_S} s; see {log}")


def stop(home: Home) -> bool:
    """Stop this folder's stack, and whatever a killed one left; false when nothing ran."""
    state = home.read_state()
    supervisor = state.supervisor.process if state else None
    if supervisor is None:
        return stop_leftovers(home)
    supervisor.terminate()
    supervisor.wait(timeout=60)
    stop_leftovers(home)
    return True


def stop_leftovers(home: Home) -> bool:
    """End what the last stack of this folder left behind: only processes it wrote down itself."""
    state = home.read_state()
    found = [part.process for part in (state.parts if state else [])]
    left = [process for process in found if process is not None]
    for process in left:
        process.kill()
        process.wait(timeout=10)
    home.forget_state()
    return bool(left)


def _watch(running: Stack, stopping: threading.Event) -> None:
    while not stopping.wait(_WATCH_S):
        if name := running.fallen():
            child = running.children[name]
            raise StartError(f"{name} ended unexpectedly (exit code {child.exit_code}):\n{child.tail()}")


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
