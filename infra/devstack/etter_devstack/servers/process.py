"""A child process that dies with its parent, even when the parent is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from etter_devstack.logs import last_lines, readable

_LAUNCHER = Path(__file__).with_name("die_with_parent.py")
_POLL_S = 0.02


class StartError(Exception):
    """A server did not come up; the text says why in words a person can act on."""


class Owner(Protocol):
    """Whom a process runs as."""

    @property
    def uid(self) -> int: ...
    @property
    def gid(self) -> int: ...


class Process:
    """One running child with its log file and a process group of its own.

    It dies when the *thread* that made it ends, as Linux counts parents by thread: make it in one that lives as long.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        identity: Owner | None = None,
        env: Mapping[str, str] | None = None,
        death_signal: signal.Signals = signal.SIGTERM,
        cwd: Path = Path("/"),
    ) -> None:
        self.log = log
        who = (identity.uid, identity.gid) if identity else (-1, -1)
        launcher = [sys.executable, "-I", "-S", _LAUNCHER, int(death_signal), os.getpid(), *who]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [str(part) for part in (*launcher, *command)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                process_group=0,
                cwd=cwd,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll()

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float = 30) -> None:
        """Poll `ready`; raises `StartError` with the log's end when the process dies or time runs out."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            self.check(overdue=time.monotonic() > deadline, timeout_s=timeout_s)
            time.sleep(_POLL_S)

    def check(self, *, overdue: bool, timeout_s: float) -> None:
        """Raise `StartError` when it has ended, or is `overdue`: not ready after `timeout_s`."""
        if not self.running:
            raise StartError(f"{self.log.stem} ended at once (exit code {self.exit_code}):\n{self.tail()}")
        if overdue:
            raise StartError(f"{self.log.stem} did not get ready in {timeout_s:.0f} s:\n{self.tail()}")

    def stop(self, sign: signal.Signals = signal.SIGTERM, *, grace_s: float = 10) -> None:
        """Ask, wait, then kill the whole process group."""
        if self.running:
            self._popen.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(grace_s)
        self.kill()

    def kill(self) -> None:
        """`kill -9` the whole process group and reap it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def tail(self, lines: int = 12) -> str:
        """The end of the log; of a long traceback, its end."""
        text = "\n".join(readable(line) for line in last_lines(self.log, lines))
        return "\n".join(text.splitlines()[-lines:])


class Server(Protocol):
    """What the stack starts, watches and stops."""

    process: Process

    def is_ready(self) -> bool:
        """It answers in its own protocol. May block for half a second."""
        ...

    def stop(self) -> None: ...
