"""The queries every analysis needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnDefault, Table, delete, insert, update

from etter_common import fieldsets
from etter_common.db.repository import Repository
from etter_common.ids import new_id
from etter_common.jobs import Queue
from etter_common.jobs.queue import Ticket, work_message
from etter_common.pagination import Listing
from etter_common.responses import Schema, Slice
from etter_simulation.analyses.schemas import AnalysisQuery

AnalysisT = TypeVar("AnalysisT", bound=Any)  # a table with `AnalysisMixin`; mixins' columns cannot be typed


def _defaults(table: Table) -> dict[str, Any]:
    """Of the columns that have one; a statement with another inside it does not look for them itself."""
    defaults = {column.key: column.default for column in table.columns}
    return {
        name: default.arg(None) if default.is_callable else default.arg
        for name, default in defaults.items()
        if isinstance(default, ColumnDefault)
    }


class AnalysisRepository(Repository[AnalysisT], Generic[AnalysisT]):
    """A slice names its `model`, `not_found`, `listing`, and what goes out in a list (`line`) and alone (`whole`).

    The fields of both are columns by the same names.
    """

    listing: ClassVar[Listing]
    line: ClassVar[type[Schema]]
    whole: ClassVar[type[Schema]]

    async def submit(self, queue: Queue, analysis: AnalysisT) -> AnalysisT:
        """Add the row and hand it to a worker: one statement, both or neither."""
        given = {name: value for name, value in vars(analysis).items() if name in self.model.__table__.columns}
        values = {**_defaults(self.model.__table__), "id": new_id(), **given, "company_id": self.company_id}
        ticket = work_message(self.ctx, queue, Ticket(job_id=values["id"], company_id=self.company_id))
        row = insert(self.model).values(**values).returning(self.model)
        added: AnalysisT = (await self.session.scalars(row.add_cte(ticket.cte("ticket")))).one()
        return added

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
