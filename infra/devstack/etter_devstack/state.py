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

_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class Running:
    """One process, the head of its own group; `started` tells it from a later one with the same pid."""

    name: str
    pid: int
    started: float
    url: str
    log: str
    health: str | None = None
    restarts: int = 0

    @property
    def process(self) -> psutil.Process | None:
        """The process, if it still is the one that was started and has not ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None


def started_at(pid: int) -> float:
    """When a process began, as `Running.started` has it; 0 for one that is gone."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


@dataclass
class State:
    """Who runs; `supervisor` owns all the others. `is_ready`: every part has been ready."""

    supervisor: Running
    ingress_url: str
    is_ready: bool = False
    parts: dict[str, Running] = field(default_factory=dict)


class Home:
    """The `.etter` folder of one checkout, or another folder in its place."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.root = root
        self.folder = folder or root / ".etter"
        self.logs = self.folder / "logs"
        self.data = self.folder / "data"
        self._lock: IO[str] | None = None

    @classmethod
    def of_checkout(cls) -> Home:
        """The checkout that this package is installed from; `ETTER_FOLDER` puts the data elsewhere."""
        folder = os.environ.get("ETTER_FOLDER")
        return cls(Path(__file__).resolve().parents[3], Path(folder).absolute() if folder else None)

    def make(self) -> None:
        """What is secret in it is closed by its own file's mode; PostgreSQL's user has to walk through."""
        for folder in (self.folder, self.logs, self.data):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder, self.data):
            folder.chmod(folder.stat().st_mode | 0o711)

    def lock(self) -> bool:
        """Become the only runner of this folder; the lock goes with the process, however it ends."""
        self.make()
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def log(self, name: str) -> Path:
        """The log of a part; a large one of earlier runs is put aside."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def secret(self, name: str) -> str:
        """A random secret, made at first use and kept for this folder's data."""
        file = self.folder / "secrets.json"
        known: dict[str, str] = read_json(file) or {}
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_private(file, known)
        return known[name]

    def ports(self) -> dict[str, int]:
        """The ports of the last run, to be used again where they are free."""
        return read_json(self.folder / "ports.json") or {}

    def keep_ports(self, ports: dict[str, int]) -> None:
        write_private(self.folder / "ports.json", ports)

    def write_state(self, state: State) -> None:
        write_private(self.folder / "state.json", asdict(state))

    def read_state(self) -> State | None:
        """Who ran last; ask each for its `process` to know whether it still does."""
        stored = read_json(self.folder / "state.json")
        if stored is None:
            return None
        parts = {name: Running(**part) for name, part in stored.pop("parts").items()}
        return State(Running(**stored.pop("supervisor")), parts=parts, **stored)

    def running(self) -> State | None:
        """The state, if its supervisor is alive."""
        state = self.read_state()
        return state if state and state.supervisor.process else None

    def forget_state(self) -> None:
        (self.folder / "state.json").unlink(missing_ok=True)


def write_private(file: Path, value: Any) -> None:  # Any: what JSON can hold
    """Whole or not at all, readable by the owner only."""
    write_secret(file, json.dumps(value, indent=1))


def write_secret(file: Path, text: str) -> Path:
    """Whole or not at all, readable by the owner only."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    return fresh.replace(file)


def read_json(file: Path) -> Any:  # Any: what JSON can hold
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
