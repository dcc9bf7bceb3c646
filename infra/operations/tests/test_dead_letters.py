"""Dead letters are looked at, tried again and dropped wherever one of our images runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nats
import pytest

from etter_common.events import streams
from etter_devstack.servers.nats import Nats

from .conftest import HERE

HEADERS = {
    "Etter-Dead-Consumer": "core", "Etter-Dead-Reason": "no such role", "Etter-Dead-Tries": "6",
    "Etter-Dead-At": "2026-11-25T19:40:00+00:00", "Etter-Dead-Subject": "etter.core.role.changed.v1.c.1",
    "ce-type": "core.role.changed.v1", "ce-id": "1",
}  # fmt: skip


async def test_from_standard_input_with_the_service_own_environment(
    tmp_path: Path, nats_server: Callable[[str], Nats], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = nats_server("nats")
    (tmp_path / "nats_url").write_text(f"{server.url}\n", encoding="utf-8")
    monkeypatch.setenv("CORE_NATS_URL_FILE", str(tmp_path / "nats_url"))
    script = (HERE / "dead_letters.py").read_bytes()

    def run(*arguments: str) -> str:
        command = [sys.executable, "-", *arguments]
        done = subprocess.run(command, input=script, capture_output=True, check=False)
        return (done.stdout + done.stderr).decode()

    client = await nats.connect(server.url)
    js = client.jetstream()
    for config in (streams.events_config(), streams.dead_letters_config()):
        await streams.ensure_stream(js, config)
    for number in (1, 2):
        await js.publish(f"etter.dead_letters.core.{number}", b"{}", headers=HEADERS)

    assert "core.role.changed.v1" in run("list", "--consumer", "core")
    assert '"reason": "no such role"' in run("show", "1")
    assert "published again" in run("replay", "1")
    assert (await js.get_msg(streams.EVENTS, seq=1)).subject == HEADERS["Etter-Dead-Subject"]
    assert "dropped" in run("drop", "2")
    assert run("list") == ""
    assert "there is no dead letter 2" in run("show", "2")
    await client.close()
