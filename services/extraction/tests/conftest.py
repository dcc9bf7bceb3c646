"""Extraction under test: its own database, application, store and clients, and a worker beside them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import etter_extraction.models  # noqa: F401 - completes the metadata
from etter_common.platform import Platform
from etter_common.testing.service import ServiceUnderTest, fixtures
from etter_extraction import worker
from etter_extraction.main import create
from etter_extraction.settings import ExtractionSettings
from etter_extraction.tables import Base

ROOT = Path(__file__).parents[1]
_store = tempfile.TemporaryDirectory(prefix="etter-objects-", ignore_cleanup_errors=True)

globals().update(
    fixtures(
        ServiceUnderTest(
            "extraction", ExtractionSettings, create, Base.metadata, ROOT, {"object_store_url": f"file://{_store.name}"}
        )
    )
)


@pytest.fixture(scope="session", autouse=True)
def _store_folder() -> object:
    yield
    _store.cleanup()


@pytest.fixture
def objects() -> Path:
    """The folder of the object store."""
    return Path(_store.name)


@pytest.fixture
async def jobs(platform: Platform) -> AsyncIterator[None]:
    """A worker that takes jobs for the length of the test."""
    async with worker.jobs(platform):
        yield
