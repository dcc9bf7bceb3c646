"""The queries every analysis needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import delete, update

from etter_common import fieldsets
from etter_common.db.repository import Repository
from etter_common.pagination import Listing
from etter_common.responses import Schema, Slice
from etter_simulation.analyses.schemas import AnalysisQuery

AnalysisT = TypeVar("AnalysisT", bound=Any)  # a table with `AnalysisMixin`; mixins' columns cannot be typed


class AnalysisRepository(Repository[AnalysisT], Generic[AnalysisT]):
    """A slice names its `model`, `not_found`, `listing`, and what goes out in a list (`line`) and alone (`whole`).

    The fields of both are columns by the same names.
    """

    listing: ClassVar[Listing]
    line: ClassVar[type[Schema]]
    whole: ClassVar[type[Schema]]

    async def list_page(self, query: AnalysisQuery) -> Slice:
        tree = fieldsets.parse(query.fields, self.line)
        wanted = fieldsets.top_level(tree, self.line)
        where = [self.model.status == query.status] if query.status is not None else []
        page = await self.page(self.listing, query, {name: getattr(self.model, name) for name in wanted}, where=where)
        return replace(page, rows=[fieldsets.narrow(row, tree) for row in page.rows])

    async def read(self, analysis_id: UUID, fields: str | None) -> dict[str, Any]:
        """The wanted fields of one analysis; raises `not_found`."""
        tree = fieldsets.parse(fields, self.whole)
        columns = [getattr(self.model, name) for name in fieldsets.top_level(tree, self.whole)]
        row = (await self.session.execute(self.select(*columns).where(self.model.id == analysis_id))).one_or_none()
        if row is None:
            raise self.not_found()
        narrowed: dict[str, Any] = fieldsets.narrow(dict(row._mapping), tree)
        return narrowed

    async def request_of(self, analysis_id: UUID) -> dict[str, Any]:
        """What the engine has to do; raises `not_found`."""
        found = self.select(self.model.request).where(self.model.id == analysis_id)
        request: dict[str, Any] | None = await self.session.scalar(found)
        if request is None:
            raise self.not_found()
        return request

    async def put_result(self, analysis_id: UUID, result: dict[str, Any]) -> None:
        await self.session.execute(update(self.model).where(*self._own(analysis_id)).values(result=result))

    async def remove(self, analysis_id: UUID) -> None:
        """Raises `not_found`; a job that is under way loses its row and ends."""
        statement = delete(self.model).where(*self._own(analysis_id)).returning(self.model.id)
        if await self.session.scalar(statement) is None:
            raise self.not_found()

    def _own(self, analysis_id: UUID) -> tuple[Any, Any]:
        return self.model.id == analysis_id, self.model.company_id == self.company_id
