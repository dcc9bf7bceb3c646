"""The object store: documents' bytes by company and key, in a folder or in a bucket; the settings say which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from etter_common.logging import get_logger
from etter_extraction.objects.folder import FolderStore
from etter_extraction.objects.store import ObjectMissing, ObjectStore, StoreAway, StoreMisconfigured
from etter_extraction.settings import ExtractionSettings

if TYPE_CHECKING:
    from etter_common.platform import Platform

__all__ = ["ObjectMissing", "ObjectStore", "StoreAway", "StoreMisconfigured", "object_store", "of", "open_store"]
_CHECK_S = 2.0
_log = get_logger(__name__)


@asynccontextmanager
async def object_store(platform: Platform) -> AsyncGenerator[None]:
    """Give the process its store, as the settings say; a `Background`.

    Raises `SystemExit` in words when the store answers that it cannot be used as set. One that does not answer is
    waited for: what needs no document works without it, so it makes the process degraded, not unready.
    """
    assert isinstance(platform.settings, ExtractionSettings)  # noqa: S101 - this service's processes use it
    store = await open_store(platform.settings)
    platform.parts[ObjectStore] = store
    platform.health.add("objects", store.check, required=False, timeout_s=_CHECK_S)
    yield


async def open_store(settings: ExtractionSettings) -> ObjectStore:
    """The store of these settings, tried once."""
    url = urlsplit(settings.object_store_url)
    store: ObjectStore
    if url.scheme == "file":
        root = Path(unquote(url.path))
        await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
        store = FolderStore(root)
    else:
        from etter_extraction.objects.s3 import S3Store  # its library costs a folder's process 7 MiB

        store = S3Store.of(settings)
    try:
        await store.check()
    except StoreMisconfigured as error:
        raise SystemExit(f"etter-extraction: {error.reason}") from error
    except StoreAway as error:
        _log.warning("object_store_away_at_start", store=str(store), reason=error.reason)
    return store


def of(platform: Platform) -> ObjectStore:
    """The store of this process."""
    store: ObjectStore = platform.parts[ObjectStore]
    return store
