"""A real S3 server on loopback, rclone's: it checks signatures, and knows multipart uploads and bulk deletion."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etter_devstack.servers.ports import free_port
from etter_extraction.objects.s3 import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config

ACCESS_KEY, SECRET_KEY = "test-access", "test-secret-of-some-length"
BUCKET = "etter-documents"
_RCLONE = Path(sys.executable).with_name("rclone")


@dataclass
class S3Server:
    """Serves the folders below `root` as buckets. It may be killed, frozen and started again at its port."""

    root: Path
    port: int
    options: list[str] = field(default_factory=list)
    scheme: str = "http"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        command = [
            str(_RCLONE), "serve", "s3", "--config", os.devnull, "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}",
            "--addr", f"127.0.0.1:{self.port}", "--quiet", *self.options, str(self.root),
        ]  # fmt: skip
        self._process = subprocess.Popen(command)  # noqa: ASYNC220 - forks and returns
        async with asyncio.timeout(20):
            while not await self._answers():
                assert self._process.poll() is None, "the S3 server did not start"
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def store(
        self, prefix: str = "", *, bucket: str = BUCKET, secret: str = SECRET_KEY, silence_s: float = 8.0
    ) -> S3Store:
        return S3Store(bucket, prefix, config_of(self.endpoint, secret), silence_s=silence_s)


def config_of(endpoint: str, secret: str = SECRET_KEY) -> S3Config:
    return {"endpoint": endpoint, "region": "eu-central-1", "access_key_id": ACCESS_KEY, "secret_access_key": secret}


@pytest.fixture(scope="session")
async def s3(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[S3Server]:
    """One for all tests that leave it running."""
    async with running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
async def own_s3(tmp_path: Path) -> AsyncIterator[S3Server]:
    """One for a test that breaks it."""
    async with running(tmp_path) as server:
        yield server


@asynccontextmanager
async def running(folder: Path, *options: str, scheme: str = "http") -> AsyncGenerator[S3Server]:
    root = folder / "buckets"
    (root / BUCKET).mkdir(parents=True, exist_ok=True)
    server = S3Server(root, free_port(), list(options), scheme)
    try:
        await server.start()
        yield server
    finally:
        server.kill()
