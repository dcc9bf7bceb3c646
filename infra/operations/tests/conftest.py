"""Servers that can be backed up, and the commands as an operator runs them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from etter_devstack.servers import nats, postgres
from etter_devstack.servers.ports import free_port
from etter_devstack.servers.process import Process

HERE = Path(__file__).resolve().parents[1]
_OPTIONS = {
    "wal_level": "replica", "max_wal_senders": "4", "fsync": "off", "autovacuum": "off", "shared_buffers": "16MB",
    "max_connections": "50", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
}  # fmt: skip
# as docs/operations/backup.md has it
BACKUP_ROLE = """
    CREATE ROLE etter_backup LOGIN REPLICATION BYPASSRLS PASSWORD 'secret';
    GRANT pg_read_all_data TO etter_backup;
"""
Restore = Callable[..., AbstractContextManager[postgres.Postgres]]


@contextmanager
def _folder() -> Iterator[Path]:
    """One that another user than root can walk into, since that is whom PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="etter-o-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def folder() -> Iterator[Path]:
    with _folder() as folder:
        yield folder


@contextmanager
def _serving(cluster: postgres.Cluster) -> Iterator[postgres.Postgres]:
    """A server that gives base backups."""
    port = free_port(None)
    settings = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
    process = Process(
        [cluster.binaries / "postgres", "-D", cluster.data, "-p", str(port), *settings],
        log=cluster.data.with_suffix(".log"), identity=cluster.identity, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    server = postgres.Postgres(process, port, cluster)
    try:
        process.wait_until(server.is_ready)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Postgres]:
    """The one that is backed up; tests have databases of their own on it."""
    with _folder() as folder, _serving(postgres.prepare(folder / "postgres", password="test")) as server:
        psql = [str(server.cluster.binaries / "psql"), "-X", "-q", "-d", server.dsn, "-c", BACKUP_ROLE]
        subprocess.run(psql, check=True)
        yield server


@pytest.fixture
def place(server: postgres.Postgres, folder: Path) -> list[str]:
    """Where from and where to, as arguments of `backup.py`; by a role that can read everything and write nothing."""
    url = f"postgresql://etter_backup:secret@127.0.0.1:{server.port}/postgres"
    binaries = str(server.cluster.binaries)
    return ["--postgres", url, "--postgres-binaries", binaries, "--to", str(folder / "backups")]


@pytest.fixture
def log(place: list[str], folder: Path) -> Iterator[Process]:
    """What takes the server's log as it comes."""
    process = Process(command("backup", "follow", *place, "--slot", f"s{os.getpid()}"), log=folder / "follow.log")
    yield process
    process.stop()


@pytest.fixture
def restored(server: postgres.Postgres, folder: Path) -> Restore:
    """A server on what `restore.py postgres` has laid out."""

    @contextmanager
    def one(name: str, *more: str) -> Iterator[postgres.Postgres]:
        who = server.cluster.identity
        owner = ("--owner", f"{who.uid}:{who.gid}") if who else ()
        run("restore", "postgres", "--from", folder / "backups", "--data", folder / name, *owner, *more)
        with _serving(postgres.Cluster(folder / name, server.cluster.binaries, who, "test")) as restored:
            yield restored

    return one


@pytest.fixture
def nats_server(folder: Path) -> Iterator[Callable[[str], nats.Nats]]:
    """A NATS server with a storage of its own, by name."""
    started: list[nats.Nats] = []

    def start(name: str) -> nats.Nats:
        started.append(nats.start(folder / name, log=folder / f"{name}.log"))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def command(*arguments: object) -> list[str]:
    script, *rest = map(str, arguments)
    return [sys.executable, str(HERE / f"{script}.py"), *rest]


def run(*arguments: object, fails: bool = False) -> str:
    """What the command said; `fails`: it must, and what it complained."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    assert bool(done.returncode) is fails, done.stderr
    return done.stderr if fails else done.stdout
