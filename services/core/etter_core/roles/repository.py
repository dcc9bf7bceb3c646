"""Every query about roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select

from etter_common import fieldsets
from etter_common.db.repository import Repository
from etter_common.pagination import Listing
from etter_common.responses import Slice
from etter_core.roles.errors import RoleNotFound
from etter_core.roles.models import Role
from etter_core.roles.schemas import RoleOut, RoleQuery

LISTING = Listing(
    "roles",
    {
        "title": Role.title,
        "department": Role.department,
        "headcount": Role.headcount,
        "created_at": Role.created_at,
    },
    default="title",
    tie_breaker=Role.id,
)
COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {name: getattr(Role, name) for name in RoleOut.model_fields}


def contains(column: Any, part: str) -> ColumnElement[bool]:
    """Case-insensitive substring match with SQL wildcards in `part` taken literally."""
    found: ColumnElement[bool] = func.lower(column).contains(part.lower(), autoescape=True)
    return found


class RoleRepository(Repository[Role]):
    model = Role
    not_found = RoleNotFound

    async def list_page(self, query: RoleQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, RoleOut), RoleOut)
        where = []
        if query.department is not None:
            where.append(Role.department == query.department)
        if query.occupation_code is not None:
            where.append(Role.occupation_code == query.occupation_code)
        if query.q is not None:
            where.append(contains(Role.title, query.q))
        return await self.page(LISTING, query, {name: COLUMNS[name] for name in wanted}, where=where)

    async def find_titled(self, title: str, department: str) -> Role | None:
        return await self.find(
            func.lower(Role.title) == title.lower(), func.lower(Role.department) == department.lower()
        )

    async def lock_all(self) -> Sequence[Role]:
        """All roles of the company; other intakes of the company wait until the transaction ends.

        A lock on the rows would not do: two intakes could each add the same new role.
        """
        key = func.hashtextextended(str(self.company_id), 0)
        await self.session.execute(select(func.pg_advisory_xact_lock(key)))
        return (await self.session.scalars(self.select().order_by(Role.id).with_for_update())).all()

    async def suggest(self, part: str, limit: int) -> list[dict[str, Any]]:
        statement = (
            self.select(Role.id, Role.title, Role.department)
            .where(contains(Role.title, part))
            .order_by(func.lower(Role.title).startswith(part.lower(), autoescape=True).desc(), Role.title, Role.id)
            .limit(limit)
        )
        return [dict(row._mapping) for row in await self.session.execute(statement)]

    async def departments(self) -> list[dict[str, Any]]:
        statement = (
            self.select(
                Role.department.label("name"), func.count().label("roles"), func.sum(Role.headcount).label("headcount")
            )
            .group_by(Role.department)
            .order_by(Role.department)
        )
        return [dict(row._mapping) for row in await self.session.execute(statement)]
