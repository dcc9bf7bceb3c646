"""Every query about people."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from etter_common.db.repository import Repository
from etter_core.people.models import Company, Person


class PersonRepository(Repository[Person]):
    model = Person

    async def keep(self, user_id: UUID, *, name: str, version: int) -> None:
        """Insert or update; an older version changes nothing."""
        statement = insert(Person).values(company_id=self.company_id, user_id=user_id, name=name, version=version)
        fresh = {"name": statement.excluded.name, "version": statement.excluded.version}
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[Person.company_id, Person.user_id],
                set_=fresh,
                where=Person.version < statement.excluded.version,
            )
        )


class CompanyRepository(Repository[Company]):
    model = Company

    async def keep(self, *, name: str, currency: str) -> None:
        statement = insert(Company).values(company_id=self.company_id, name=name, currency=currency)
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[Company.company_id], set_={"name": name, "currency": currency}
            )
        )
