"""The embedded servers, for real."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from etter_devstack.servers import TestServers, nats, postgres, valkey
from etter_devstack.servers.identity import Identity, forget
from etter_devstack.servers.ports import says

from ..processes import ask, is_gone, script, until

RUNNER = """
import sys, time
from pathlib import Path
from etter_devstack.servers import TestServers
with TestServers.start(Path(sys.argv[1])) as servers:
    print(servers.postgres.process.pid, servers.valkey.process.pid, servers.nats.process.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="etter-s-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


class TestTestServers:
    def test_all_answer_and_none_is_left(self, folder: Path) -> None:
        with TestServers.start(folder) as servers:
            assert servers.postgres
            assert servers.valkey
            assert servers.nats
            assert ask(servers.postgres.dsn, "SHOW server_version").startswith("18")
            assert says(servers.valkey.port, b"PING\r\n", b"+PONG")
            assert says(servers.nats.port, b"", b'"jetstream":true')
            pids = [part.process.pid for part in (servers.postgres, servers.valkey, servers.nats)]
        assert all(is_gone(pid) for pid in pids)
        assert not (folder / "pg").exists()

    def test_a_killed_runner_leaves_none(self, folder: Path) -> None:
        with script(RUNNER, str(folder)) as runner:
            assert runner.stdout is not None
            pids = [int(pid) for pid in runner.stdout.readline().split()]
            children = [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
            assert len(pids) == 3
            runner.kill()
        until(lambda: all(is_gone(pid) for pid in [*pids, *children]))
        forget(folder / "pg")


class TestPostgres:
    def test_data_survives_and_the_password_counts(self, folder: Path) -> None:
        folder.chmod(0o711)
        server = postgres.start(folder / "pg", log=folder / "pg.log", password="first")
        ask(server.dsn, "CREATE TABLE kept AS SELECT 1 AS one")
        server.stop()
        server = postgres.start(folder / "pg", log=folder / "pg.log", password="first", port=server.port)
        assert ask(server.dsn, "SELECT one FROM kept") == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(server.dsn.replace("first", "wrong"), "SELECT 1")
        server.stop()

    def test_a_stale_pid_file_does_not_count_as_ready(self, folder: Path) -> None:
        folder.chmod(0o711)
        server = postgres.start(folder / "pg", log=folder / "pg.log", password="x", fast=True)
        server.process.kill()  # leaves postmaster.pid, which says "ready"
        again = postgres.launch(server.cluster, log=folder / "pg.log", fast=True)
        assert not again.is_ready()
        again.process.wait_until(again.is_ready)
        again.stop()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
    def test_root_hands_it_to_nobody(self, folder: Path) -> None:
        folder.chmod(0o711)
        server = postgres.start(folder / "pg", log=folder / "pg.log", password="x", fast=True)
        identity = Identity.unprivileged()
        assert identity is not None
        assert psutil.Process(server.process.pid).uids().effective == identity.uid != 0
        server.stop()


class TestValkey:
    def test_evicts_only_what_has_a_lifetime(self, folder: Path) -> None:
        server = valkey.start(folder / "valkey", log=folder / "valkey.log", memory_mb=8)
        assert says(server.port, b"CONFIG GET maxmemory-policy\r\n", b"volatile-lru")
        server.stop()


class TestNats:
    def test_keeps_its_port_and_files(self, folder: Path) -> None:
        server = nats.start(folder / "nats", log=folder / "nats.log")
        server.process.kill()
        again = nats.start(folder / "nats", log=folder / "nats.log", port=server.port)
        assert again.port == server.port
        again.stop()
