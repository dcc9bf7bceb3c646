"""A child process that dies with its parent, even when the parent is killed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_POLL_S = 0.02


class StartError(Exception):
    """A server did not come up; the text says why in words a person can act on."""


@dataclass(frozen=True)
class Identity:
    """Whom a server runs as. PostgreSQL refuses root, so root hands it to an unprivileged user."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> Identity | None:
        """`nobody` when we are root, else `None`: stay who we are."""
        if os.geteuid() != 0:
            return None
        entry = pwd.getpwnam("nobody")
        return cls(entry.pw_uid, entry.pw_gid)


class Process:
    """One running child with its log file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        identity: Identity | None = None,
        env: Mapping[str, str] | None = None,
        death_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.log = log
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died between fork and here
                os._exit(1)

        who = {"user": identity.uid, "group": identity.gid, "extra_groups": []} if identity else {}
        with log.open("ab") as out:
            self._popen = subprocess.Popen(  # type: ignore[call-overload]  # the identity's keywords come as a mapping
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                preexec_fn=die_with_parent,
                process_group=0,
                cwd="/",
                **who,
            )

    @property
    def pid(self) -> int:
        pid: int = self._popen.pid
        return pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        code: int | None = self._popen.poll()
        return code

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float = 30) -> None:
        """Poll `ready`; raises `StartError` with the log's end when the process dies or time runs out."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running:
                raise StartError(f"{self._name} stopped at once:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self._name} did not get ready in {timeout_s:.0f} s:\n{self.tail()}")
            time.sleep(_POLL_S)

    def stop(self, sign: signal.Signals = signal.SIGTERM, *, grace_s: float = 10) -> None:
        """Ask, wait, then kill the whole process group."""
        if self.running:
            self._popen.send_signal(sign)
            try:
                self._popen.wait(grace_s)
            except subprocess.TimeoutExpired:
                self.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """`kill -9` the whole process group and reap it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def tail(self, lines: int = 12) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    @property
    def _name(self) -> str:
        return self.log.stem


def free_port(preferred: int | None = None) -> int:
    """A TCP port of the loopback interface that nobody listens on; `preferred` when it is free."""
    for port in filter(None, (preferred, 0)):
        if port_is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port_number: int = probe.getsockname()[1]
        return port_number


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Somebody accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """The URL answers 200 within a second."""
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310 - our own loopback URLs
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
