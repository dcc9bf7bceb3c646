"""Every query about companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, delete, func, insert, update

from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import Changed, change
from etter_auth.companies.errors import CompanyNotFound
from etter_auth.companies.models import Company
from etter_auth.companies.schemas import CompanyOut, CompanyQuery
from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import SharedRepository
from etter_common.pagination import Listing
from etter_common.responses import Slice

LISTING = Listing("companies", {"created_at": Company.created_at}, default="created_at", tie_breaker=Company.id)


class CompanyRepository(SharedRepository[Company]):
    """The caller's own company; all of them in the system scope."""

    model = Company
    not_found = CompanyNotFound

    def visible(self) -> ColumnElement[bool] | None:
        return None if self.ctx.system else Company.id == self.ctx.company_id

    async def list_page(self, query: CompanyQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, CompanyOut), CompanyOut)
        return await self.page(LISTING, query, {name: getattr(Company, name) for name in wanted})

    async def ids(self) -> Sequence[UUID]:
        return (await self.session.scalars(self.select(Company.id).order_by(Company.id))).all()

    async def exists(self, company_id: UUID) -> bool:
        return await self.find(Company.id == company_id) is not None

    async def named(self, name: str) -> Sequence[Company]:
        """Some of those of this name: two are enough to know that it names none."""
        return await self.list_where(func.lower(Company.name) == name.lower(), limit=2)

    async def make(self, values: Mapping[str, Any], entry: Entry) -> Company:
        now = utc_now()
        inserting = insert(Company).values(**values, version=1, created_at=now, updated_at=now)
        made = await change(self, inserting, entry)
        assert made is not None  # noqa: S101 - an insert that did not raise has its row
        return made.row

    async def alter(self, company_id: UUID, values: Mapping[str, Any], entry: Entry) -> Company:
        """Change a row this transaction has locked."""
        altering = (
            update(Company)
            .where(Company.id == company_id)
            .values(**values, version=Company.version + 1, updated_at=utc_now())
        )
        changed = await change(self, altering, entry)
        if changed is None:
            raise CompanyNotFound
        return changed.row

    async def remove(self, company_id: UUID, entry: Entry, *, beside: Sequence[CTE], extra: Any) -> Changed[Company]:
        """Delete a row this transaction has locked, and with it all the company owns here."""
        removing = delete(Company).where(Company.id == company_id)
        changed = await change(self, removing, entry, beside=beside, extra=extra)
        if changed is None:
            raise CompanyNotFound
        return changed
