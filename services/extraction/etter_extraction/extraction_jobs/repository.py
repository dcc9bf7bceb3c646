"""Every query about extraction jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import SQLColumnExpression

from etter_common import fieldsets
from etter_common.db.repository import Repository
from etter_common.pagination import Listing
from etter_common.responses import Slice
from etter_extraction.extraction_jobs.errors import ExtractionJobNotFound
from etter_extraction.extraction_jobs.models import ExtractionJob
from etter_extraction.extraction_jobs.schemas import ExtractionJobOut, ExtractionJobQuery

LISTING = Listing("extraction-jobs", {"created_at": ExtractionJob.created_at}, "-created_at", ExtractionJob.id)
COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {
    name: getattr(ExtractionJob, name) for name in ExtractionJobOut.model_fields
}


class ExtractionJobRepository(Repository[ExtractionJob]):
    model = ExtractionJob
    not_found = ExtractionJobNotFound

    async def list_page(self, query: ExtractionJobQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, ExtractionJobOut), ExtractionJobOut)
        where = [ExtractionJob.status == query.status] if query.status else []
        return await self.page(LISTING, query, {n: COLUMNS[n] for n in wanted}, where=where)
