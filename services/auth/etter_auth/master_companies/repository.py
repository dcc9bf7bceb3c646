"""Every query about the directory."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func
from sqlalchemy.dialects.postgresql import insert

from etter_auth.master_companies.models import MasterCompany
from etter_auth.master_companies.schemas import MasterCompanyOut, MasterCompanyQuery, MasterCompanyRow
from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import SharedRepository
from etter_common.ids import new_id
from etter_common.pagination import Listing
from etter_common.responses import Slice

LISTING = Listing("master_companies", {"name": MasterCompany.name}, default="name", tie_breaker=MasterCompany.id)


class MasterCompanyRepository(SharedRepository[MasterCompany]):
    model = MasterCompany

    async def list_page(self, query: MasterCompanyQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, MasterCompanyOut), MasterCompanyOut)
        where: list[ColumnElement[bool]] = []
        if query.q is not None:
            where.append(func.lower(MasterCompany.name).contains(query.q.lower(), autoescape=True))
        return await self.page(LISTING, query, {name: getattr(MasterCompany, name) for name in wanted}, where=where)

    async def store(self, rows: Sequence[MasterCompanyRow]) -> None:
        """Insert or bring up to date by name, whatever its case; names differ within `rows`."""
        values = [{"id": new_id(), **row.model_dump()} for row in rows]
        statement = insert(MasterCompany).values(values)
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[func.lower(MasterCompany.name)],
                set_={
                    "name": statement.excluded.name,
                    "industry": statement.excluded.industry,
                    "employees": statement.excluded.employees,
                    "updated_at": utc_now(),
                },
            )
        )
