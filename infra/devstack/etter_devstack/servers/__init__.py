"""The real servers, embedded: each a child process of ours that cannot outlive us."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers import nats, postgres, valkey

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
    def start(cls, folder: Path, *, parts: Collection[str] = ALL) -> Iterator[TestServers]:
        """Start `parts` below `folder` and stop them at the end of the block."""
        servers = cls()
        with ExitStack() as stack:
            if "postgres" in parts:
                folder.chmod(0o711)
                log = folder / "postgres.log"
                servers.postgres = postgres.start(folder / "pg", log=log, password="test", fast=True)  # noqa: S106
                stack.callback(servers.postgres.stop)
            if "valkey" in parts:
                servers.valkey = valkey.start(folder / "valkey", log=folder / "valkey.log")
                stack.callback(servers.valkey.stop)
            if "nats" in parts:
                servers.nats = nats.start(folder / "nats", log=folder / "nats.log")
                stack.callback(servers.nats.stop)
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
