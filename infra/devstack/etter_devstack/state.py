"""What a stack writes down in its `.etter` folder: secrets, ports, and who runs what."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

SOCKET_SAFE = 0o700


@dataclass(frozen=True)
class Running:
    """One process: `started` tells it from a later one with the same pid."""

    name: str
    pid: int
    started: float
    url: str
    log: str
    health: str | None = None

    @classmethod
    def of(cls, name: str, pid: int, *, url: str, log: Path, health: str | None = None) -> Running:
        return cls(name, pid, psutil.Process(pid).create_time(), url, str(log), health)

    @property
    def process(self) -> psutil.Process | None:
        """The process, if it still is the one that was started."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None


@dataclass
class State:
    """Who runs; `supervisor` owns all the others."""

    supervisor: Running
    ingress_url: str = ""
    parts: list[Running] = field(default_factory=list)


class Home:
    """The `.etter` folder of one checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".etter"
        self.logs = self.folder / "logs"
        self._lock: IO[str] | None = None

    def make(self) -> None:
        self.folder.mkdir(mode=SOCKET_SAFE, exist_ok=True)
        self.logs.mkdir(exist_ok=True)

    def lock(self) -> bool:
        """Become the only runner of this folder; the lock goes with the process, however it ends."""
        self.make()
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def log(self, name: str) -> Path:
        """A fresh log file; the one of the run before is kept beside it."""
        path = self.logs / f"{name}.log"
        if path.exists():
            path.replace(path.with_suffix(".log.1"))
        path.touch()
        return path

    def secret(self, name: str) -> str:
        """A random secret, made at first use and kept for this folder's data."""
        file = self.folder / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            self._write(file, known)
        return known[name]

    def ports(self) -> dict[str, int]:
        """The ports of the last run, to be used again where they are free."""
        file = self.folder / "ports.json"
        ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        return ports

    def keep_ports(self, ports: dict[str, int]) -> None:
        self._write(self.folder / "ports.json", ports)

    def write_state(self, state: State) -> None:
        self._write(self.folder / "state.json", asdict(state))

    def read_state(self) -> State | None:
        """Who ran last; ask each for its `process` to know whether it still does."""
        file = self.folder / "state.json"
        try:
            stored = json.loads(file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        parts = [Running(**part) for part in stored["parts"]]
        return State(Running(**stored["supervisor"]), stored["ingress_url"], parts)

    def forget_state(self) -> None:
        (self.folder / "state.json").unlink(missing_ok=True)

    def _write(self, file: Path, value: Any) -> None:
        """Whole or not at all, readable by the owner only."""
        fresh = file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(value, out, indent=1)
        fresh.replace(file)
