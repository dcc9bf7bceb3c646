"""Folders for stacks of the tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from etter_devstack.servers.identity import forget
from etter_devstack.state import Home

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty stack folder of this checkout."""
    with tempfile.TemporaryDirectory(prefix="etter-h-", ignore_cleanup_errors=True) as folder:
        home = Home(ROOT, Path(folder) / ".etter")
        yield home
        forget(home.data / "postgres")
