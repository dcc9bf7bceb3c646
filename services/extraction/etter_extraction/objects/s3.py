"""A bucket behind the S3 API: Amazon's, or a server of one's own.

Always addressed by path, which every server understands, and always with TLS verified where the endpoint is https.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store as Bucket

from etter_common.circuit import Circuit
from etter_common.logging import get_logger
from etter_common.scratch import scratch_folder
from etter_extraction.objects.store import CHUNK, ObjectMissing, ObjectStore, StoreAway, StoreMisconfigured
from etter_extraction.settings import ExtractionSettings

if TYPE_CHECKING:
    from obstore import AsyncWritableFile
    from obstore.store import S3Config

PART: Final = 5 * 1024 * 1024  # the least S3 takes as a part; a smaller object is one request
_PARALLEL_PARTS: Final = 2
_RETRIES: Final = 2
_TAKE_BACK_S: Final = 2.0
_LONGEST: Final = timedelta(hours=1)  # of one transfer: a slow reader is not the store's failure, silence is
_NO_BUCKET: Final = "NoSuchBucket"
_REFUSALS: Final = ("401 Unauthorized", "403 Forbidden")  # how the library tells them when it has no class for them
_log = get_logger(__name__)


class S3Store(ObjectStore):
    """A call waits `silence_s` for a sign of life and is tried again within that time, so it fails within twice of it.

    After a few failures in a row calls fail at once for a while (`Circuit`), so that a hanging store does not hold
    every request that comes. An upload that is broken off is taken back; what a killed process left of one, the
    bucket's lifecycle rule for incomplete uploads removes.
    """

    def __init__(self, bucket: str, prefix: str, config: S3Config, *, silence_s: float = 8.0) -> None:
        self._name = f"s3://{bucket}/{prefix}".rstrip("/")
        self._endpoint = config.get("endpoint") or "Amazon"
        self._circuit = Circuit()
        silence = timedelta(seconds=silence_s)
        self._bucket = Bucket(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={
                "allow_http": self._endpoint.startswith("http://"),
                "connect_timeout": min(silence, timedelta(seconds=2)),
                "read_timeout": silence,
                "timeout": _LONGEST,
                "user_agent": "etter-extraction",
            },
            retry_config={
                "max_retries": _RETRIES,
                "retry_timeout": silence,
                "backoff": {
                    "init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=1), "base": 2,
                },
            },
        )  # fmt: skip

    @classmethod
    def of(cls, settings: ExtractionSettings) -> S3Store:
        """The bucket and prefix the settings name; without keys in them, those the machine or its pod has."""
        url = urlsplit(settings.object_store_url)
        config: S3Config = {"region": settings.object_store_region, "virtual_hosted_style_request": False}
        if settings.object_store_endpoint:
            config["endpoint"] = settings.object_store_endpoint
        if settings.object_store_access_key and settings.object_store_secret_key:
            config["access_key_id"] = settings.object_store_access_key
            config["secret_access_key"] = settings.object_store_secret_key.get_secret_value()
        return cls(url.netloc, url.path.strip("/"), config)

    async def put(self, company_id: UUID, key: UUID, chunks: AsyncIterable[bytes]) -> None:
        try:
            with self._asking("put"):
                async with self._upload(_path(company_id, key)) as out:
                    async for chunk in chunks:
                        await out.write(chunk)
        except StoreAway:
            await self._take_back(company_id, key)
            raise

    @asynccontextmanager
    async def _upload(self, path: str) -> AsyncGenerator[AsyncWritableFile]:
        """What breaks an upload off is what goes out, whatever then happens to its parts: a server may have dropped
        them already, with the part it was receiving.
        """
        broken_off_by: BaseException | None = None
        try:
            async with obstore.open_writer_async(
                self._bucket, path, buffer_size=PART, max_concurrency=_PARALLEL_PARTS
            ) as out:
                try:
                    yield out
                except BaseException as error:
                    broken_off_by = error
                    raise
        except (BaseError, OSError) as error:
            if broken_off_by is None or broken_off_by is error:
                raise
            if not isinstance(error, FileNotFoundError):
                _log.warning("upload_not_taken_back", store=str(self), path=path, reason=_reason(error))
            raise broken_off_by from None

    async def _take_back(self, company_id: UUID, key: UUID) -> None:
        """A put whose answer never came may have been carried out."""
        with suppress(TimeoutError, StoreAway):
            async with asyncio.timeout(_TAKE_BACK_S):
                await self.delete(company_id, key)

    async def read(self, company_id: UUID, key: UUID) -> AsyncGenerator[bytes]:
        with self._asking("read", may_miss=True):
            found = await obstore.get_async(self._bucket, _path(company_id, key))
        return self._chunks(found)

    async def _chunks(self, found: obstore.GetResult) -> AsyncGenerator[bytes]:
        with self._asking("read"):
            async for chunk in found.stream(CHUNK):
                yield chunk

    @asynccontextmanager
    async def local(self, company_id: UUID, key: UUID) -> AsyncGenerator[Path]:
        with scratch_folder() as folder:
            path = folder / "content"
            with await asyncio.to_thread(path.open, "wb") as out:
                async for chunk in await self.read(company_id, key):
                    await asyncio.to_thread(out.write, chunk)
            yield path

    async def delete(self, company_id: UUID, key: UUID) -> None:
        with self._asking("delete"):
            await obstore.delete_async(self._bucket, _path(company_id, key))

    async def delete_all(self, company_id: UUID) -> None:
        with self._asking("delete_all"):
            async for found in obstore.list(self._bucket, prefix=str(company_id), chunk_size=1000):
                await obstore.delete_async(self._bucket, [item["path"] for item in found])

    async def keys(self, company_id: UUID) -> AsyncGenerator[str]:
        with self._asking("keys"):
            async for found in obstore.list(self._bucket, prefix=str(company_id)):
                for item in found:
                    yield item["path"].rpartition("/")[2]

    async def check(self) -> None:
        """Ask for what no key begins with: that needs the bucket, the right to list it, and next to no work."""
        with self._asking("check", always=True):
            async for _ in obstore.list(self._bucket, prefix="-", chunk_size=1):
                break

    def __str__(self) -> str:
        return f"{self._name} at {self._endpoint}"

    @contextmanager
    def _asking(self, operation: str, *, always: bool = False, may_miss: bool = False) -> Generator[None]:
        """What the library raises, in the store's words."""
        pause_s = self._circuit.refusal_s()
        if pause_s is not None and not always:
            raise StoreAway("it failed again and again", retry_after_s=math.ceil(pause_s))
        try:
            yield
        except (BaseError, OSError) as error:
            if not may_miss or not isinstance(error, FileNotFoundError) or _NO_BUCKET in str(error):
                raise self._failed(operation, error) from error
            self._circuit.note(ok=True)
            raise ObjectMissing from error
        self._circuit.note(ok=True)

    def _failed(self, operation: str, error: Exception) -> StoreAway:
        self._circuit.note(ok=False)
        told, reason = str(error), _reason(error)
        _log.warning("object_store_failed", operation=operation, store=str(self), reason=reason)
        if _NO_BUCKET in told:
            return StoreMisconfigured(f"there is no bucket for {self}; create it, Etter does not")
        if any(refusal in told for refusal in _REFUSALS):
            return StoreMisconfigured(f"{self} refuses these credentials: {reason}")
        return StoreAway(reason)


def _reason(error: Exception) -> str:
    return " ".join(str(error).partition("Debug source")[0].split())[:500]


def _path(company_id: UUID, key: UUID) -> str:
    return f"{company_id}/{key}"
