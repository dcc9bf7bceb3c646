"""The real servers, embedded: each a child process of ours that cannot outlive us."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers import nats, postgres, valkey
from etter_devstack.servers.identity import forget
from etter_devstack.servers.process import Server

ALL = ("postgres", "valkey", "nats")


@dataclass
class TestServers:
    """Servers for a test run: throw-away data, no durability. Parts that were not asked for are `None`."""

    __test__ = False  # pytest would take the name for a test class

    postgres: postgres.Postgres | None = None
    valkey: valkey.Valkey | None = None
    nats: nats.Nats | None = None

    @classmethod
    @contextmanager
    def start(cls, folder: Path, *, parts: Collection[str] = ALL, accounts: str | None = None) -> Iterator[TestServers]:
        """Start `parts` below `folder`, all at once, and stop them at the end of the block. `accounts`: of NATS."""
        servers = cls()
        with ExitStack() as stack:
            if "valkey" in parts:
                servers.valkey = valkey.launch(folder / "valkey", log=folder / "valkey.log")
                stack.callback(servers.valkey.stop)
            if "nats" in parts:
                servers.nats = nats.launch(folder / "nats", log=folder / "nats.log", accounts=accounts)
                stack.callback(servers.nats.stop)
            if "postgres" in parts:
                folder.chmod(0o711)  # another user than root runs it, and a temporary folder is closed
                stack.callback(forget, folder / "pg")
                cluster = postgres.prepare(folder / "pg", password="test")  # noqa: S106
                servers.postgres = postgres.launch(cluster, log=folder / "postgres.log", fast=True)
                stack.callback(servers.postgres.stop)
            started: list[Server | None] = [servers.valkey, servers.nats, servers.postgres]
            for server in filter(None, started):
                server.process.wait_until(server.is_ready)
            yield servers

    @property
    def postgres_dsn(self) -> str | None:
        return self.postgres.dsn if self.postgres else None

    @property
    def redis_url(self) -> str | None:
        return self.valkey.url if self.valkey else None

    @property
    def nats_url(self) -> str | None:
        return self.nats.url if self.nats else None
