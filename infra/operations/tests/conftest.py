"""Servers that can be backed up, and the commands as an operator runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from etter_devstack.servers import nats, postgres
from etter_devstack.servers.identity import forget
from etter_devstack.servers.ports import free_port
from etter_devstack.servers.process import Process

HERE = Path(__file__).resolve().parents[1]
_OPTIONS = {
    "wal_level": "replica", "max_wal_senders": "4", "fsync": "off", "synchronous_commit": "off", "autovacuum": "off",
    "shared_buffers": "16MB", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
}  # fmt: skip
Serve = Callable[..., AbstractContextManager[postgres.Postgres]]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder another user than root can walk into, since that is whom PostgreSQL runs as."""
    for part in (tmp_path, *tmp_path.parents[:2]):
        part.chmod(0o711)
    yield tmp_path
    forget(tmp_path / "postgres")


@pytest.fixture
def cluster(folder: Path) -> postgres.Cluster:
    return postgres.prepare(folder / "postgres", password="test")


@pytest.fixture
def serve(folder: Path) -> Serve:
    """A server on a cluster that gives base backups, for the time of a block."""

    @contextmanager
    def running(cluster: postgres.Cluster, **options: str) -> Iterator[postgres.Postgres]:
        port = free_port(None)
        settings = [part for name, value in (_OPTIONS | options).items() for part in ("-c", f"{name}={value}")]
        process = Process(
            [cluster.binaries / "postgres", "-D", cluster.data, "-p", str(port), *settings],
            log=folder / f"{cluster.data.name}.log", identity=cluster.identity, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        server = postgres.Postgres(process, port, cluster)
        try:
            process.wait_until(server.is_ready)
            yield server
        finally:
            server.stop()

    return running


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
