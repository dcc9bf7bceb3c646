"""Every query about roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, tuple_

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
COLUMNS: Mapping[str, ColumnElement[Any]] = {name: getattr(Role, name) for name in RoleOut.model_fields}


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

    async def find_titled(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Role]:
        """Roles by (title, department), both lower-cased; locked, for the intake that is about to change them."""
        key = tuple_(func.lower(Role.title), func.lower(Role.department))
        statement = self.select().where(key.in_(list(keys))).with_for_update()
        found = (await self.session.scalars(statement)).all()
        return {(role.title.lower(), role.department.lower()): role for role in found}

    async def find_title(self, title: str) -> Sequence[Role]:
        """Roles of this title in any department."""
        return await self.list_where(func.lower(Role.title) == title.lower())

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

    async def by_ids(self, ids: Iterable[UUID]) -> dict[UUID, Role]:
        found = await self.list_where(Role.id.in_(list(ids)))
        return {role.id: role for role in found}
