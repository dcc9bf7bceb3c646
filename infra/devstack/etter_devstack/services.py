"""What the platform consists of: one table of services and workers, their commands and their environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("auth", "core", "extraction", "simulation")


@dataclass(frozen=True)
class Part:
    """One process of ours. Workers answer health and metrics on their port, APIs everything."""

    name: str
    service: str
    is_worker: bool = False

    def command(self, port: int) -> list[str]:
        if self.is_worker:
            return [sys.executable, "-m", f"etter_{self.service}.worker"]
        return [
            sys.executable, "-m", "uvicorn", "--factory", f"etter_{self.service}.main:create",
            "--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "httptools",
            "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "10", "--log-level", "warning",
        ]  # fmt: skip


PARTS = (
    *(Part(name, name) for name in SERVICES),
    Part("extraction-worker", "extraction", is_worker=True),
    Part("simulation-worker", "simulation", is_worker=True),
)


@dataclass(frozen=True)
class Backbone:
    """Where the servers answer, for the environment of the services."""

    database_urls: Mapping[str, str]
    migration_urls: Mapping[str, str]
    redis_url: str
    nats_url: str
    object_store: Path
    secret_keys: Mapping[str, str]

    def environment(self, part: Part, port: int) -> dict[str, str]:
        """The settings of one process, by its service's prefix."""
        settings = {
            "ENVIRONMENT": "development",
            "DATABASE_URL": self.database_urls[part.service],
            "REDIS_URL": self.redis_url,
            "NATS_URL": self.nats_url,
            "SECRET_KEY": self.secret_keys[part.service],
            "OBJECT_STORE_URL": self.object_store.as_uri(),
        }
        if part.is_worker:
            settings["WORKER_PORT"] = str(port)
        return {f"{part.service.upper()}_{name}": value for name, value in settings.items()}
