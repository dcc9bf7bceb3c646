"""The object store: bytes by key. A folder here; another store is another class with the same five methods."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from uuid import UUID

if TYPE_CHECKING:
    from etter_common.platform import Platform

CHUNK = 256 * 1024


@dataclass(frozen=True)
class FolderStore:
    """One file per object below `root`, by company; written beside and moved into place, so none is ever half there."""

    root: Path

    def path(self, company_id: UUID, key: UUID) -> Path:
        return self.root / str(company_id) / str(key)

    async def put(self, company_id: UUID, key: UUID, chunks: AsyncIterable[bytes]) -> None:
        """Store what `chunks` gives; an exception from it leaves nothing behind."""
        target = self.path(company_id, key)
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        partial = target.with_suffix(".part")
        try:
            with partial.open("wb") as out:
                async for chunk in chunks:
                    await asyncio.to_thread(out.write, chunk)
                await asyncio.to_thread(_sync, out.fileno())
            await asyncio.to_thread(os.replace, partial, target)
        finally:
            with suppress(FileNotFoundError):
                partial.unlink()

    async def read(self, company_id: UUID, key: UUID) -> AsyncGenerator[bytes]:
        with self.path(company_id, key).open("rb") as content:
            while chunk := await asyncio.to_thread(content.read, CHUNK):
                yield chunk

    async def delete(self, company_id: UUID, key: UUID) -> None:
        with suppress(FileNotFoundError):
            await asyncio.to_thread(self.path(company_id, key).unlink)

    async def delete_all(self, company_id: UUID) -> None:
        """Everything the company has, also what is being written."""
        with suppress(FileNotFoundError):
            await asyncio.to_thread(shutil.rmtree, self.root / str(company_id))


@asynccontextmanager
async def object_store(platform: Platform) -> AsyncGenerator[None]:
    """Give the process its store, as the settings say; a `Background`."""
    url = urlsplit(getattr(platform.settings, "object_store_url", ""))
    if url.scheme != "file" or not url.path.startswith("/"):
        raise SystemExit("etter-extraction: OBJECT_STORE_URL must be file:///absolute/folder")
    root = Path(unquote(url.path))
    await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
    platform.provide(FolderStore(root))
    yield


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)
