"""The loader's command: a file in, a count out, words when something is wrong."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from etter_auth.settings import AuthSettings
from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient


async def start(settings: AuthSettings, file: Path) -> tuple[int, str, str]:
    names = ("environment", "database_url", "redis_url", "nats_url")
    variables = {f"AUTH_{name.upper()}": str(getattr(settings, name)) for name in names}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "etter_auth.load_master_companies", str(file), env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.mark.principal("viewer")
async def test_loads_a_file_with_a_byte_order_mark(
    settings: AuthSettings, tmp_path: Path, client: CheckedClient
) -> None:
    name = f"Dairy {new_id()}"
    file = tmp_path / "companies.csv"
    file.write_text(f"name,industry,employees\n{name},Food,120\n", encoding="utf-8-sig")
    assert await start(settings, file) == (0, "1 companies\n", "")
    found = (await client.get("/master-companies", params={"q": name})).json()["data"]
    assert [row["employees"] for row in found] == [120]


@pytest.mark.parametrize("content", [None, b"name,industry\n,nothing\n", b"\xff\xfe"])
async def test_says_in_words_what_is_wrong(settings: AuthSettings, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "companies.csv"
    if content is not None:
        file.write_bytes(content)
    code, _, err = await start(settings, file)
    assert code == 1
    assert err.startswith(f"etter-auth: {file}: ")
    assert "Traceback" not in err
