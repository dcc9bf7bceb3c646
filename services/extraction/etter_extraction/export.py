"""`python -m etter_extraction.export COMPANY_ID > extraction.zip`: extraction's part of a company, files too."""

from __future__ import annotations

from collections.abc import AsyncIterable
from uuid import UUID

import etter_extraction.models  # noqa: F401 - completes the metadata
from etter_common import tenant_export
from etter_common.tenant_export import Export, Files, Read, Row
from etter_extraction.objects import open_store
from etter_extraction.settings import ExtractionSettings
from etter_extraction.tables import Base


async def _reader(settings: ExtractionSettings) -> Read:
    store = await open_store(settings)

    async def read(company_id: UUID, row: Row) -> AsyncIterable[bytes]:
        return await store.read(company_id, UUID(row["id"]))

    return read


EXPORT = Export(
    "extraction",
    ExtractionSettings,
    Base.metadata,
    files=Files("documents", lambda row: f"documents/{row['id']}/{row['filename']}", _reader),
)

if __name__ == "__main__":
    tenant_export.run(EXPORT)
