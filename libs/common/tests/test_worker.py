"""A worker process answers for its health on its own port and ends gracefully."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from etter_common.testing.backbone import Backbone, backbone, until
from etter_common.testing.plugin import Servers
from etter_devstack.servers.ports import free_port


@pytest.fixture(name="own")
async def own_backbone(servers: Servers, worker: str) -> AsyncIterator[Backbone]:
    async with backbone(servers, worker) as found:
        yield found


async def get(port: int, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split(b" ", 2)[1]), body


async def test_it_is_ready_on_its_port_counts_and_stops_on_sigterm(own: Backbone, tmp_path: Path) -> None:
    port = free_port()
    left_by_a_killed_one = tmp_path / "etter-scratch-abc"
    left_by_a_killed_one.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(tmp_path),
        "PROBE_ENVIRONMENT": "test",
        "PROBE_DATABASE_URL": own.settings.database_url,
        "PROBE_REDIS_URL": own.settings.redis_url,
        "PROBE_NATS_URL": own.settings.nats_url,
        "PROBE_WORKER_PORT": str(port),
    }
    script = Path(__file__).parent / "jobs" / "probe_worker.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, env=environment, stdout=asyncio.subprocess.PIPE
    )

    async def ready() -> bool:
        assert process.returncode is None
        try:
            return (await get(port, "/health/ready"))[0] == 200
        except OSError:
            return False

    await until(ready)
    assert not left_by_a_killed_one.exists()
    status, body = await get(port, "/metrics")
    assert (status, b"etter_jobs_running" in body) == (200, True)
    process.terminate()
    output, _ = await process.communicate()
    assert process.returncode == 0
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["event"] for line in lines if line["event"].startswith("worker_")] == [
        "worker_started", "worker_draining",
    ]  # fmt: skip
