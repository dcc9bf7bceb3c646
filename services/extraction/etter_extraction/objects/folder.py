"""A folder of this machine, or one that several machines share."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from etter_extraction.objects.store import CHUNK, ObjectMissing, ObjectStore, StoreAway

_PARTIAL: Final = ".part"
_PROBE: Final = bytes(8192)


@dataclass(frozen=True)
class FolderStore(ObjectStore):
    """One file per object below `root`, by company; written beside and moved into place, so none is ever half there."""

    root: Path

    def path(self, company_id: UUID, key: UUID) -> Path:
        return self.root / str(company_id) / str(key)

    async def put(self, company_id: UUID, key: UUID, chunks: AsyncIterable[bytes]) -> None:
        target = self.path(company_id, key)
        partial = target.with_suffix(_PARTIAL)
        with self._told():
            await asyncio.to_thread(target.parent.mkdir, exist_ok=True)
            try:
                with partial.open("wb") as out:
                    async for chunk in chunks:
                        await asyncio.to_thread(out.write, chunk)
                    await asyncio.to_thread(_sync, out)
                await asyncio.to_thread(os.replace, partial, target)
            finally:
                with suppress(FileNotFoundError):
                    partial.unlink()

    async def read(self, company_id: UUID, key: UUID) -> AsyncGenerator[bytes]:
        with self._told():
            return _chunks(await asyncio.to_thread(self.path(company_id, key).open, "rb"))

    @asynccontextmanager
    async def local(self, company_id: UUID, key: UUID) -> AsyncGenerator[Path]:
        path = self.path(company_id, key)
        if not await asyncio.to_thread(path.exists):
            raise ObjectMissing
        yield path

    async def delete(self, company_id: UUID, key: UUID) -> None:
        with self._told(), suppress(FileNotFoundError):
            await asyncio.to_thread(self.path(company_id, key).unlink)

    async def delete_all(self, company_id: UUID) -> None:
        """Also what is being written."""
        with self._told(), suppress(FileNotFoundError):
            await asyncio.to_thread(shutil.rmtree, self.root / str(company_id))

    async def keys(self, company_id: UUID) -> AsyncGenerator[str]:
        for path in await asyncio.to_thread(lambda: sorted((self.root / str(company_id)).glob("*"))):
            if path.suffix != _PARTIAL:
                yield path.name

    async def check(self) -> None:
        """Write a few bytes, as a full disk shows in nothing else."""
        try:
            await asyncio.to_thread(self._write_and_remove)
        except OSError as error:
            raise StoreAway(f"{self.root} cannot be written to: {error.strerror}") from error

    def _write_and_remove(self) -> None:
        with tempfile.NamedTemporaryFile(dir=self.root, suffix=_PARTIAL) as probe:
            probe.write(_PROBE)
            probe.flush()

    @contextmanager
    def _told(self) -> Generator[None]:
        """What the file system says, in the store's words: without its folder, or on a full disk, it is unavailable."""
        try:
            yield
        except FileNotFoundError as error:
            if not self.root.is_dir():
                raise StoreAway from error
            raise ObjectMissing from error
        except OSError as error:
            raise StoreAway from error

    def __str__(self) -> str:
        return self.root.as_uri()


async def _chunks(content: BinaryIO) -> AsyncGenerator[bytes]:
    with content:
        while chunk := await asyncio.to_thread(content.read, CHUNK):
            yield chunk


def _sync(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())
