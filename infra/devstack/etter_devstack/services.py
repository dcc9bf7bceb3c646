"""What the platform consists of: one table of services and workers, their commands and their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers.ports import answers
from etter_devstack.servers.process import Process

SERVICES = ("auth", "core", "extraction", "simulation")
GRACE_S = 33  # uvicorn gives its requests 30


@dataclass(frozen=True)
class Program:
    """One process of ours. Workers answer health and metrics on their port, APIs everything."""

    name: str
    service: str
    is_worker: bool = False

    def command(self, port: int, *, reload: tuple[Path, ...] = ()) -> list[str]:
        """`reload`: folders to watch for changes of code, for an API."""
        if self.is_worker:
            return [sys.executable, "-m", f"etter_{self.service}.worker"]
        watched = [part for folder in reload for part in ("--reload-dir", str(folder))]
        return [
            sys.executable, "-m", "uvicorn", "--factory", f"etter_{self.service}.main:create",
            "--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "etter_common.server:Protocol",
            "--no-access-log", "--no-server-header", "--no-proxy-headers", "--log-level", "warning",
            "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "30",
            *(["--reload", *watched] if reload else []),
        ]  # fmt: skip


PROGRAMS = (
    *(Program(name, name) for name in SERVICES),
    Program("extraction-worker", "extraction", is_worker=True),
    Program("simulation-worker", "simulation", is_worker=True),
)


@dataclass
class Service:
    """A running program."""

    process: Process
    url: str

    def is_ready(self) -> bool:
        return answers(f"{self.url}/health/ready")

    def stop(self) -> None:
        self.process.stop(grace_s=GRACE_S)


@dataclass(frozen=True)
class Backbone:
    """Where the servers answer, for the environment of the services. The mappings are by service.

    Those of Valkey and NATS are by user: a service's worker is another user than its API.
    """

    database_urls: Mapping[str, str]
    migration_urls: Mapping[str, str]
    secret_keys: Mapping[str, str]
    redis_urls: Mapping[str, str]
    nats_urls: Mapping[str, str]
    object_store: Path

    def settings(self, service: str, *, user: str | None = None) -> dict[str, str]:
        """One service's settings as its environment names them."""
        user = user or service
        settings = {
            "ENVIRONMENT": "development",
            "DATABASE_URL": self.database_urls[service],
            "MIGRATION_URL": self.migration_urls[service],
            "REDIS_URL": self.redis_urls[user],
            "NATS_URL": self.nats_urls[user],
            "SECRET_KEY": self.secret_keys[service],
            "OBJECT_STORE_URL": self.object_store.as_uri(),
        }
        return {f"{service.upper()}_{name}": value for name, value in settings.items()}

    def environment(self, service: str, *, user: str | None = None, **more: str) -> dict[str, str]:
        """What a process of one service gets: ours, its settings and `more` of them. `user`: its worker's name.

        Where a shell already names a server of some other stack, ours count. The role that migrates is not for it.
        """
        prefix = f"{service.upper()}_"
        settings = self.settings(service, user=user) | {prefix + name: value for name, value in more.items()}
        del settings[f"{prefix}MIGRATION_URL"]
        inherited = {name: value for name, value in os.environ.items() if name != f"{prefix}MIGRATION_URL"}
        return {**inherited, **settings, "PYTHONUNBUFFERED": "1"}

    def migration_environment(self, service: str) -> dict[str, str]:
        """What migrations of a service get."""
        return {**os.environ, **self.settings(service)}
