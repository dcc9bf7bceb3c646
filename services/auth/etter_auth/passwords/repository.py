"""Every query about passwords and sign-in tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, Select, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import AuditedRepository
from etter_auth.companies.models import Company
from etter_auth.passwords.models import Password, SignInTries
from etter_auth.passwords.tries import FORGOTTEN_AFTER, LONGEST_DELAY, Counters
from etter_auth.users.models import User
from etter_common.clock import utc_now
from etter_common.context import Context
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


class TriesRepository(SharedRepository[SignInTries]):
    model = SignInTries

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.now = utc_now()

    async def count(self, counters: Counters) -> dict[bytes, SignInTries]:  # type: ignore[override]
        """Raise all three counters and say how they stand; a counter that is holding back is not raised further."""
        table = SignInTries
        free = {counter.key: counter.free for counter in counters.all()}
        statement = insert(table).values([self._first(key) for key in sorted(free)])  # sorted: no deadlock
        held = table.blocked_until > self.now
        forgotten = table.last_at < self.now - FORGOTTEN_AFTER
        tries = case((held, table.tries), (forgotten, 1), else_=table.tries + 1)
        over = tries - case(*((table.key == key, n) for key, n in free.items()), else_=0)
        delay = func.make_interval(0, 0, 0, 0, 0, 0, func.power(2, func.least(over - 1, 20)))
        blocked = case(
            (held, table.blocked_until),
            (over > 0, literal(self.now, table.blocked_until.type) + func.least(delay, literal(LONGEST_DELAY))),
            else_=table.blocked_until,
        )
        counted = statement.on_conflict_do_update(
            index_elements=[table.key],
            set_={"tries": tries, "blocked_until": blocked, "was_refused": held, "last_at": self.now},
        ).returning(table)
        rows: Sequence[SignInTries] = (
            await self.session.scalars(counted, execution_options={"populate_existing": True})
        ).all()
        return {row.key: row for row in rows}

    def _first(self, key: bytes) -> dict[str, Any]:
        return {"key": key, "tries": 1, "blocked_until": self.now, "was_refused": False, "last_at": self.now}

    async def forget_before(self, moment: datetime, *, known_for: timedelta) -> None:
        table = SignInTries
        known = or_(table.succeeded_at.is_(None), table.succeeded_at < moment - known_for)
        await self.session.execute(delete(table).where(table.last_at < moment - FORGOTTEN_AFTER, known))


def taking_back(counters: Counters, now: datetime) -> ReturningUpdate[bytes]:
    """A right password takes its own try back, clears the pair's counter and makes the address a known one."""
    table = SignInTries
    is_pair = table.key == counters.pair.key
    return (
        update(table)
        .where(table.key.in_([counter.key for counter in counters.all()]))
        .values(
            tries=case((is_pair, 0), else_=func.greatest(table.tries - 1, 0)),
            blocked_until=case((is_pair, now), else_=table.blocked_until),
            succeeded_at=case((is_pair, now), else_=table.succeeded_at),
        )
        .returning(table.key)
    )
