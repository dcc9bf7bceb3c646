"""What the business does with documents."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from etter_common import etags
from etter_common.context import Context
from etter_common.errors import AppError
from etter_common.ids import new_id
from etter_common.responses import encode_page
from etter_extraction import objects
from etter_extraction.documents import events
from etter_extraction.documents.errors import DocumentInUse
from etter_extraction.documents.models import Document
from etter_extraction.documents.repository import DocumentRepository
from etter_extraction.documents.schemas import DocumentQuery
from etter_extraction.objects import StoreAway
from etter_extraction.parsing import limits
from etter_extraction.parsing.detection import ARCHIVES, HEAD_BYTES, MEDIA_TYPES, Kind, check_archive, detect
from etter_extraction.parsing.errors import DocumentDamaged, DocumentTooLarge
from etter_extraction.parsing.tail import Tail

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_NAME = 255


@dataclass(frozen=True)
class Stored:
    """A file that is in the object store and not yet a document."""

    id: UUID
    filename: str
    kind: Kind
    size_bytes: int
    sha256: str


async def receive(ctx: Context, filename: str, chunks: AsyncIterator[bytes]) -> Stored:
    """Stream a file into the store; whatever is wrong with it leaves no trace."""
    name, id_ = clean_name(filename), new_id()
    first = await anext(chunks, b"")
    head = first
    while len(head) < HEAD_BYTES and (more := await anext(chunks, b"")):
        head += more
    kind = detect(name, head[:HEAD_BYTES])
    measured = _Measured(head, chunks, kind)
    await objects.of(ctx.platform).put(ctx.company_id, id_, measured.stream())
    return Stored(id_, name, measured.kind, measured.size, measured.digest.hexdigest())


class _Measured:
    """Counts and hashes what flows through it; raises `DocumentTooLarge` at the limit, and at the end of an Office file
    what is wrong with its archive, so that the store keeps nothing of it. Only then is `kind` final.
    """

    def __init__(self, head: bytes, rest: AsyncIterable[bytes], kind: Kind) -> None:
        self._head, self._rest, self.kind = head, rest, kind
        self._tail = Tail() if kind in ARCHIVES else None
        self.size = 0
        self.digest = hashlib.sha256()

    async def stream(self) -> AsyncGenerator[bytes]:
        self._count(self._head)
        yield self._head
        async for chunk in self._rest:
            self._count(chunk)
            yield chunk
        if self._tail is not None:
            self.kind = await asyncio.to_thread(check_archive, self._tail, self.kind)

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > limits.MAX_BYTES:
            raise DocumentTooLarge(f"a document may have {limits.MAX_BYTES} bytes", limit_bytes=limits.MAX_BYTES)
        self.digest.update(chunk)
        if self._tail is not None:
            self._tail.add(chunk)


async def create(ctx: Context, stored: Stored) -> Document:
    """Make a received file a document."""
    document = DocumentRepository(ctx).add(
        Document(
            id=stored.id,
            filename=stored.filename,
            kind=stored.kind,
            media_type=MEDIA_TYPES[stored.kind],
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            uploaded_by=ctx.user_id,
        )
    )
    await ctx.session.flush()
    await ctx.publish(events.document_uploaded(document))
    ctx.invalidate(events.stale(ctx.company_id))
    return document


async def discard(ctx: Context, stored: Stored) -> None:
    """Forget a received file that became no document; why it became none is what matters to the caller."""
    with suppress(StoreAway):
        await objects.of(ctx.platform).delete(ctx.company_id, stored.id)


async def get(ctx: Context, document_id: UUID) -> Document:
    return await DocumentRepository(ctx).get(document_id)


async def list_page(ctx: Context, query: DocumentQuery) -> bytes:
    return encode_page(await DocumentRepository(ctx).list_page(query))


async def delete(ctx: Context, document_id: UUID, *, if_match: str | None) -> None:
    """Remove the document with its bytes and extraction; what core took over from it stays there."""
    documents = DocumentRepository(ctx)
    document = await documents.get(document_id, for_update=True)
    etags.require_match(if_match, document.version)
    if document.status == "processing":
        raise DocumentInUse
    await documents.delete(document)
    await ctx.publish(events.document_deleted(document))
    ctx.invalidate(events.stale(ctx.company_id))
    await objects.of(ctx.platform).delete(ctx.company_id, document_id)


async def erase_files(ctx: Context) -> None:
    """Delete all bytes of the context's company from the store."""
    await objects.of(ctx.platform).delete_all(ctx.company_id)


def clean_name(filename: str) -> str:
    """The last part of whatever path a client sent, without control characters, at most 255 characters."""
    name = _CONTROL.sub("", filename.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    stem, dot, suffix = name.rpartition(".")
    return name if len(name) <= _MAX_NAME else stem[: _MAX_NAME - len(suffix) - 1] + dot + suffix


async def lock_many(ctx: Context, ids: Sequence[UUID]) -> list[Document]:
    """These documents, kept from deletion until the transaction ends; raises `DocumentNotFound`."""
    return await DocumentRepository(ctx).lock_many(ids)


async def start(ctx: Context, ids: Sequence[UUID]) -> list[Document]:
    """The documents of a job that are still there and not accepted, marked as being worked on."""
    documents = DocumentRepository(ctx)
    found = [row for row in await documents.list_where(Document.id.in_(ids)) if row.status != "accepted"]
    await documents.mark([row.id for row in found], "processing", error_code=None, error_detail=None)
    ctx.invalidate(events.stale(ctx.company_id))
    return found


async def finish(ctx: Context, document_id: UUID, status: str, error: AppError | None = None) -> None:
    """The job is done with this document."""
    told = {"error_code": error.code if error else None, "error_detail": error.detail if error else None}
    await DocumentRepository(ctx).mark([document_id], status, **told)
    ctx.invalidate(events.stale(ctx.company_id))


async def release(ctx: Context, ids: Sequence[UUID]) -> None:
    """Documents that a job never got to."""
    await DocumentRepository(ctx).mark(ids, "uploaded")
    ctx.invalidate(events.stale(ctx.company_id))


def review(ctx: Context, document_id: UUID, status: str) -> None:
    """A person has accepted or rejected what was found; written with the events of this transaction."""
    DocumentRepository(ctx).mark_later(document_id, status)
    ctx.invalidate(events.stale(ctx.company_id))


def gone() -> AppError:
    return DocumentDamaged("the file is no longer in the store")
