"""Every query about extractions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from etter_common.clock import utc_now
from etter_common.db.repository import Repository
from etter_common.ids import new_id
from etter_extraction.documents.models import Document
from etter_extraction.extractions.errors import ExtractionNotFound
from etter_extraction.extractions.models import ColumnChoice, Extraction
from etter_extraction.extractions.overlay import merged
from etter_extraction.facts.people.fields import Field


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

    async def mappings(self, extraction_id: UUID) -> tuple[UUID, str, list[Any]]:
        """The document, the status, and how the tables were read."""
        columns = Extraction.document_id, Extraction.status, Extraction.mappings
        found = (await self.session.execute(self.select(*columns).where(Extraction.id == extraction_id))).one_or_none()
        if found is None:
            raise ExtractionNotFound
        return found[0], found[1], found[2]

    async def page_of_text(self, document_id: UUID, number: int) -> tuple[int, dict[str, Any] | None]:
        """How many pages the document's text has, and the one of this number."""
        pages = func.jsonb_array_length(Extraction.pages)
        statement = select(pages, Extraction.pages[number - 1]).where(
            Extraction.company_id == self.company_id, Extraction.document_id == document_id
        )
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise ExtractionNotFound
        return row[0], row[1]

    async def keep(self, document_id: UUID, *, facts: list[dict[str, Any]], **columns: Any) -> bool:
        """Insert or replace the document's facts; false (and nothing changed) once a person has accepted them.

        A person's corrections go over to the new facts.
        """
        before = await self.session.scalar(
            self.select(Extraction.facts).where(Extraction.document_id == document_id).with_for_update()
        )
        columns["facts"] = merged(facts, before or ())
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


class ColumnChoiceRepository(Repository[ColumnChoice]):
    model = ColumnChoice

    async def by_heading(self) -> dict[str, Field]:
        """The fields that the company has chosen, by normal heading."""
        rows = await self.session.execute(self.select(ColumnChoice.heading, ColumnChoice.field))
        return {row.heading: row.field for row in rows}

    def remember(self, choices: Mapping[str, str]) -> None:
        """Written at the end of the transaction."""
        now = utc_now()
        rows = [
            {"company_id": self.company_id, "heading": heading, "field": field, "chosen_by": self.ctx.user_id,
             "chosen_at": now} for heading, field in sorted(choices.items())
        ]  # fmt: skip
        statement = insert(ColumnChoice).values(rows)
        self.ctx.append(
            statement.on_conflict_do_update(
                index_elements=[ColumnChoice.company_id, ColumnChoice.heading],
                set_={name: statement.excluded[name] for name in ("field", "chosen_by", "chosen_at")},
            )
        )
