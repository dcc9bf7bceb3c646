"""Every query about users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, func, insert, or_, update

from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import AuditedRepository, Changed, change
from etter_auth.users.errors import UserNotFound
from etter_auth.users.models import User
from etter_auth.users.schemas import UserOut, UserQuery, UserSuggestion
from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import SharedRepository
from etter_common.pagination import Listing
from etter_common.responses import Slice

LISTING = Listing(
    "users",
    {"name": User.name, "email": User.email, "created_at": User.created_at},
    default="name",
    tie_breaker=User.id,
)


def matching(q: str) -> ColumnElement[bool]:
    """A word of the name, or the email, starts with `q`; its wildcards mean themselves.

    Looks at the company's rows only. An index on the text would not be used: `LIKE` is not leakproof.
    """
    part, name = q.lower(), func.lower(User.name)
    return or_(
        name.startswith(part, autoescape=True),
        name.contains(f" {part}", autoescape=True),
        User.email.startswith(part, autoescape=True),
    )


class UserRepository(AuditedRepository[User]):
    model = User
    not_found = UserNotFound

    async def list_page(self, query: UserQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, UserOut), UserOut)
        where: list[ColumnElement[bool]] = []
        if query.role is not None:
            where.append(User.roles.contains([query.role]))
        if query.is_active is not None:
            where.append(User.is_active == query.is_active)
        if query.q is not None:
            where.append(matching(query.q))
        return await self.page(LISTING, query, {name: getattr(User, name) for name in wanted}, where=where)

    async def after(self, user_id: UUID | None, limit: int) -> Sequence[User]:
        """The next users by id, locked against changes."""
        where = [User.id > user_id] if user_id else []
        statement = self.select().where(*where).order_by(User.id).limit(limit).with_for_update(read=True)
        return (await self.session.scalars(statement)).all()

    async def suggest(self, q: str, *, limit: int, fields: str | None) -> Sequence[Mapping[str, Any]]:
        wanted = fieldsets.top_level(fieldsets.parse(fields, UserSuggestion), UserSuggestion)
        starts = func.lower(User.name).startswith(q.lower(), autoescape=True)
        statement = (
            self.select(*(getattr(User, name) for name in wanted))
            .where(User.is_active, matching(q))
            .order_by(starts.desc(), User.name, User.id)
            .limit(limit)
        )
        return [dict(row) for row in (await self.session.execute(statement)).mappings()]

    async def make(self, user: User, entry: Entry) -> User:
        made = await self.change(inserting(user), entry)
        assert made is not None  # noqa: S101 - an insert that did not raise has its row
        return made.row

    async def alter(
        self, user: User, values: Mapping[str, Any], entry: Entry, *, beside: Sequence[CTE] = (), extra: Any = None
    ) -> Changed[User]:
        """Change a row this transaction has locked."""
        altering = (
            update(User)
            .where(self.visible(), User.id == user.id)
            .values(**values, version=User.version + 1, updated_at=utc_now())
        )
        changed = await self.change(altering, entry, beside=beside, extra=extra)
        if changed is None:
            raise UserNotFound
        return changed


class AnyUserRepository(SharedRepository[User]):
    """Users of a company that is named, not the caller's: the seed has no caller."""

    model = User

    async def find_of(self, company_id: UUID, **named: str) -> User | None:
        """By `email` or `username`."""
        return await self.find(User.company_id == company_id, *(getattr(User, key) == v for key, v in named.items()))

    async def make(self, user: User, entry: Entry) -> User:
        made = await change(self, inserting(user), entry)
        assert made is not None  # noqa: S101 - an insert that did not raise has its row
        return made.row


def inserting(user: User) -> Any:
    names = ("id", "company_id", "email", "username", "name", "roles", "is_active")
    return insert(User).values(
        {name: getattr(user, name) for name in names} | {"version": 1, "created_at": utc_now(), "updated_at": utc_now()}
    )
