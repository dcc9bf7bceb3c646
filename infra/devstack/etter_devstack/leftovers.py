"""Ends what a stack left behind whose runner was killed: only processes that the folder's state names.

`python -m etter_devstack.leftovers FOLDER` is the stack's watchdog: it waits until its standard input closes, which
happens however the runner ends, and then does that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from etter_devstack.state import Home, Running, State

_GRACE_S = 35.0
_POLL_S = 0.05


def start_watchdog(home: Home) -> subprocess.Popen[bytes]:
    """It is ended by closing its standard input, after the state has been forgotten."""
    return subprocess.Popen(
        [sys.executable, "-m", "etter_devstack.leftovers", str(home.folder)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
    )  # fmt: skip


def stop_leftovers(home: Home) -> bool:
    """Ask each, wait, then kill its group; false when nothing was left. Forgets the state unless another began."""
    state = home.read_state()
    if state is None:
        return False
    found = end(state)
    now = home.read_state()
    if now is not None and now.supervisor == state.supervisor:
        home.forget_state()
    return found


def end(state: State) -> bool:
    left = [part for part in state.parts.values() if part.process is not None]
    for part in left:
        _signal(part, signal.SIGINT)  # PostgreSQL's fast shutdown; the others end by it as well
    deadline = time.monotonic() + _GRACE_S
    while any(part.process for part in left) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    for part in state.parts.values():
        if part.process is not None or not psutil.pid_exists(part.pid):  # a group may outlive its head
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(part.pid, signal.SIGKILL)
    return bool(left)


def _signal(part: Running, number: signal.Signals) -> None:
    process = part.process
    if process is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _watch(folder: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it goes when the runner has gone
    sys.stdin.buffer.read()
    stop_leftovers(Home(folder.parent, folder))


if __name__ == "__main__":
    _watch(Path(sys.argv[1]))
