"""What every object store promises; `tests/objects/test_store.py` holds each of them to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from uuid import UUID

from etter_common.errors import NotFound, Unavailable

CHUNK: Final = 256 * 1024


class ObjectMissing(NotFound):
    code, title = "DOCUMENT_CONTENT_MISSING", "The file of this document is no longer in the store"


class StoreAway(Unavailable):
    """`reason` is for the operator; a caller of the API is told no more than the title."""

    code, title = "OBJECT_STORE_AWAY", "The store of documents does not answer; try again"

    def __init__(self, reason: str = "", *, retry_after_s: int = 2) -> None:
        super().__init__(retry_after_s=retry_after_s)
        self.reason = reason


class StoreMisconfigured(StoreAway):
    """It answers, and what it says needs the operator: no such bucket, credentials refused."""


class ObjectStore(ABC):
    """An object is seen whole or not at all. What is not there raises `ObjectMissing`; a store that fails or does not
    answer in time raises `StoreAway`. Nothing is kept in memory but a few chunks.
    """

    @abstractmethod
    async def put(self, company_id: UUID, key: UUID, chunks: AsyncIterable[bytes]) -> None:
        """Store what `chunks` gives; an exception from it leaves nothing behind."""

    @abstractmethod
    async def read(self, company_id: UUID, key: UUID) -> AsyncGenerator[bytes]:
        """The object's bytes; it is there and begins to come when this returns."""

    @abstractmethod
    def local(self, company_id: UUID, key: UUID) -> AbstractAsyncContextManager[Path]:
        """The object as a file of this machine, to be read within the block."""

    @abstractmethod
    async def delete(self, company_id: UUID, key: UUID) -> None:
        """Delete the object, if it is there."""

    @abstractmethod
    async def delete_all(self, company_id: UUID) -> None:
        """Delete everything the company has."""

    @abstractmethod
    def keys(self, company_id: UUID) -> AsyncGenerator[str]:
        """The names of all objects the company has."""

    @abstractmethod
    async def check(self) -> None:
        """Raise `StoreMisconfigured` or `StoreAway` if it cannot be used."""
