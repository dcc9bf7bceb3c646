"""Applications under load: each a uvicorn process of its own on its own core, and what CPU time it used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import load
from etter_devstack.servers.ports import answers, free_port

ROOT = Path(__file__).resolve().parents[2]
SERVER_CORE, LOAD_CORE = 0, min(1, (os.cpu_count() or 1) - 1)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    port: int
    pid: int

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    async def load(
        self, requests: Sequence[Sequence[bytes]], *, seconds: float = 3.0, connections: int = 64
    ) -> load.Result:
        before = self.cpu_s()
        result = await load.closed_loop(self.port, requests, seconds=seconds, connections=connections)
        result.cpu_us = (self.cpu_s() - before) / max(1, result.count) * 1_000_000
        return result


@contextmanager
def serve(app: str, environment: dict[str, str], *, ready: str = "/health/live") -> Generator[Server]:
    """`bench.measuring.apps:<app>` by uvicorn, as a service runs it, until the block ends."""
    port = free_port()
    http = "etter_common.server:Protocol" if app == "platform" else "httptools"
    command = [
        sys.executable, "-m", "uvicorn", "--factory", f"bench.measuring.apps:{app}", "--port", str(port),
        "--loop", "uvloop", "--http", http, "--no-access-log", "--no-server-header", "--no-proxy-headers",
        "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        os.sched_setaffinity(process.pid, {SERVER_CORE})
        until = time.monotonic() + 60
        while not answers(f"http://127.0.0.1:{port}{ready}"):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{app} did not start")
            time.sleep(0.05)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
