"""Every query about passwords; those about sign-in tries are in `tries_repository`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import AuditedRepository
from etter_auth.companies.models import Company
from etter_auth.passwords.models import Password
from etter_auth.users.models import User
from etter_common.clock import utc_now
from etter_common.db.repository import SharedRepository

MAX_COMPANIES: Final = 50
"""A sign-in that names no company looks at so many of an address; who has more names one."""


@dataclass(frozen=True)
class Account:
    """A user as signing in needs it."""

    user: User
    company_name: str
    hash: str | None

    @property
    def opens_with(self) -> str | None:
        """The hash of the password that signs in, if one does."""
        return self.hash if self.user.is_active else None

    @property
    def context_words(self) -> tuple[str, ...]:
        return self.user.email, self.user.username, self.user.name, self.company_name


def _accounts() -> Select[User, str, str]:
    return (
        select(User, Company.name, Password.hash)
        .join(Company, Company.id == User.company_id)
        .outerjoin(Password, Password.user_id == User.id)
    )


def opened_by_password(email: str) -> Select[User, str, str]:
    """The accounts of this address that a password opens, of all companies, the oldest first.

    The users come first, by their index, however little the planner knows of the tables: the work follows from the
    accounts of the address, not from the number of companies.
    """
    found = select(User).where(User.email == email, User.is_active).cte("found").prefix_with("MATERIALIZED")
    user = aliased(User, found)
    return (
        select(user, Company.name, Password.hash)
        .join(Company, Company.id == user.company_id)
        .join(Password, Password.user_id == user.id)
        .order_by(user.id)
        .limit(MAX_COMPANIES)
    )


class AccountRepository(SharedRepository[User]):
    """Accounts of any company, for who has no access token yet."""

    model = User

    async def find(self, email: str, *, company_id: UUID) -> Account | None:  # type: ignore[override]
        """The company's account of this address, whatever its state."""
        statement = _accounts().where(User.company_id == company_id, User.email == email)
        found = (await self.session.execute(statement)).first()
        return Account(*found) if found else None

    async def with_password(self, email: str) -> Sequence[Account]:
        return [Account(*row) for row in await self.session.execute(opened_by_password(email))]


def still_valid(user_id: UUID, hash_: str) -> Select[Any]:
    """A row while the user is active and has this very password; locks the user against a deactivation beside it."""
    return (
        select(User.id)
        .join(Password, Password.user_id == User.id)
        .where(User.id == user_id, User.is_active, Password.hash == hash_)
        .with_for_update(read=True, of=User)
    )


def rehashing(user_id: UUID, *, old: str, fresh: str) -> CTE:
    """The same password under today's parameters."""
    return (
        update(Password)
        .where(Password.user_id == user_id, Password.hash == old)
        .values(hash=fresh)
        .returning(Password.user_id)
        .cte("rehashed")
    )


class PasswordRepository(AuditedRepository[Password]):
    model = Password

    async def lock_account(self, user_id: UUID) -> Account | None:
        """The company's own user, locked until the transaction ends."""
        statement = _accounts().where(User.company_id == self.company_id, User.id == user_id, User.is_active)
        found = (await self.session.execute(statement.with_for_update(of=User))).first()
        return Account(*found) if found else None

    async def replace(self, user_id: UUID, hash_: str, entry: Entry, *, beside: CTE, extra: Any) -> Any:
        """Store another hash; gives what `extra` reads from the statement beside it."""
        replacing = (
            update(Password).where(self.visible(), Password.user_id == user_id).values(hash=hash_, changed_at=utc_now())
        )
        changed = await self.change(replacing, entry, beside=[beside], extra=extra)
        return changed.extra if changed else None


class StoredPasswordRepository(SharedRepository[Password]):
    """Passwords set from outside a request: the seed."""

    model = Password

    async def set(self, user: User, hash_: str) -> None:
        values = {"hash": hash_, "changed_at": utc_now()}
        statement = insert(Password).values(user_id=user.id, company_id=user.company_id, **values)
        await self.session.execute(statement.on_conflict_do_update(index_elements=[Password.user_id], set_=values))
