"""Small programs for the tests to run, and looks at processes from outside."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from etter_devstack.servers.process import Process


def python(code: str, *, log: Path) -> Process:
    """A child that runs `code`."""
    return Process([sys.executable, "-I", "-S", "-c", code], log=log)


def script(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A program of its own that runs `code`, with our packages, and talks by standard output."""
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)


def ask(dsn: str, query: str) -> Any:
    """The first value that PostgreSQL answers."""

    async def fetch() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def until(condition: Callable[[], bool], *, timeout_s: float = 60) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
