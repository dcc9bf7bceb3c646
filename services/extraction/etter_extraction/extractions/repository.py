"""Every query about extractions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from etter_common.clock import utc_now
from etter_common.db.repository import Repository
from etter_common.ids import new_id
from etter_extraction.documents.models import Document
from etter_extraction.extractions.errors import ExtractionNotFound
from etter_extraction.extractions.models import Extraction


class ExtractionRepository(Repository[Extraction]):
    model = Extraction
    not_found = ExtractionNotFound

    async def get_with_filename(self, extraction_id: UUID) -> tuple[Extraction, str]:
        """Locked for the review, with the name of its document."""
        statement = self.select(Extraction, Document.filename).join(Document, Document.id == Extraction.document_id)
        row = (
            await self.session.execute(statement.where(Extraction.id == extraction_id).with_for_update(of=Extraction))
        ).one_or_none()
        if row is None:
            raise ExtractionNotFound
        return row[0], row[1]

    async def of_document(self, document_id: UUID) -> Extraction:
        found = await self.find(Extraction.document_id == document_id)
        if found is None:
            raise ExtractionNotFound
        return found

    async def keep(self, document_id: UUID, **columns: Any) -> bool:
        """Insert or replace the document's facts; false (and nothing changed) once a person has accepted them."""
        now = utc_now()
        values = {
            **columns, "id": new_id(), "company_id": self.company_id, "document_id": document_id, "status": "ready",
            "created_at": now, "updated_at": now, "version": 1,
        }  # fmt: skip
        statement = insert(Extraction).values(values)
        fresh = {name: statement.excluded[name] for name in (*columns, "status", "updated_at")}
        done = await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[Extraction.document_id],
                set_={**fresh, "version": Extraction.version + 1, "reviewed_by": None, "reviewed_at": None},
                where=Extraction.status != "accepted",
            ).returning(Extraction.id)
        )
        return done.scalar_one_or_none() is not None
