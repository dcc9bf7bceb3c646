"""Every query about documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, Update, update

from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import Repository
from etter_common.pagination import Listing
from etter_common.responses import Slice
from etter_extraction.documents.errors import DocumentNotFound
from etter_extraction.documents.models import Document
from etter_extraction.documents.schemas import DocumentOut, DocumentQuery

LISTING = Listing(
    "documents",
    {"created_at": Document.created_at, "filename": Document.filename, "status": Document.status},
    "-created_at",
    Document.id,
)
COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {n: getattr(Document, n) for n in DocumentOut.model_fields}


class DocumentRepository(Repository[Document]):
    model = Document
    not_found = DocumentNotFound

    async def list_page(self, query: DocumentQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, DocumentOut), DocumentOut)
        given = {"status": query.status, "kind": query.kind, "sha256": query.sha256}
        where: list[ColumnElement[bool]] = [COLUMNS[n] == value for n, value in given.items() if value is not None]
        return await self.page(LISTING, query, {n: COLUMNS[n] for n in wanted}, where=where)

    async def lock_many(self, ids: Sequence[UUID]) -> list[Document]:
        """These documents in the order asked for; raises `DocumentNotFound` naming those that are missing."""
        statement = self.select().where(Document.id.in_(ids)).order_by(Document.id).with_for_update()
        found = {row.id: row for row in await self.session.scalars(statement)}
        if missing := [str(id_) for id_ in ids if id_ not in found]:
            raise DocumentNotFound(f"unknown documents: {', '.join(missing)}", missing=missing)
        return [found[id_] for id_ in ids]

    async def mark(self, ids: Sequence[UUID], status: str, **columns: Any) -> None:
        """Set the status of several documents in one statement."""
        await self.session.execute(self._marked(ids, {"status": status, **columns}))

    def mark_later(self, document_id: UUID, status: str) -> None:
        """Set the status with the transaction's last statement."""
        self.ctx.append(self._marked([document_id], {"status": status}))

    def _marked(self, ids: Sequence[UUID], columns: Mapping[str, Any]) -> Update:
        statement = update(Document).where(Document.company_id == self.company_id, Document.id.in_(ids))
        changed = {"version": Document.version + 1, "updated_at": utc_now(), **columns}
        return statement.values(changed).execution_options(synchronize_session=False)
