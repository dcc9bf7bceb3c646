"""One request, one transaction: the only place that commits.

The company is set for the transaction in the same round trip that begins it (`BEGIN; SELECT set_config(…)`), so that
row-level security costs no query of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.util import await_only

from etter_common import metrics
from etter_common.db.engine import CONNECTION_LOST
from etter_common.db.pages import Plans
from etter_common.errors import (
    AppError,
    Conflict,
    DeadlineExceeded,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
)

if TYPE_CHECKING:
    from etter_common.db.replica import Replica

_ON_PRIMARY, _ON_REPLICA = (metrics.DB_TRANSACTIONS.labels(server) for server in ("primary", "replica"))
_UNAVAILABLE_STATES = ("08", "53", "57P", "58")  # connection, resources (a full disk), operator, the system's I/O
_UNSTORABLE_STATES = ("22021", "22P05")  # a NUL or another character that PostgreSQL's text cannot hold

_RACE_STATES = ("23503", "23505", "23P01")  # foreign key, unique, exclusion; a check or a null is nobody's race
_CLASH_STATES = ("40001", "40P01", "55P03")  # serialization failure, deadlock, a lock not given in time
_NO_ROW: Final = "SELECT 0"  # the command tag of a SELECT
_TOO_SLOW = "57014"  # ended by statement_timeout
_SNAPSHOT = " ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_UNHURRIED = {"statement_timeout": "600000", "lock_timeout": "5000", "idle_in_transaction_session_timeout": "0"}
_OUT_OF_RANGE = "22003"  # from the server; the driver finds most of them itself and has no state for it


class Opening(NamedTuple):
    """The statements that begin a transaction, in one round trip. The last one of a guarded one is the guard."""

    sql: str
    is_guarded: bool = False


@dataclass(frozen=True)
class Tenant:
    """Whose rows a transaction may see. `system` opens the tables that serve all companies: outbox, jobs, sign-in.

    One that is `read_only` can change nothing, and may be shown what is a few seconds old. A `snapshot` can change
    nothing either and sees one moment of the primary, for as long as it takes. `guard` is a SELECT without a row when
    the caller must not have the transaction.
    """

    company_id: UUID | None
    system: bool = False
    read_only: bool = False
    snapshot: bool = False
    guard: str | None = None

    def begin(self, settings: Mapping[str, str] | None = None) -> Opening:
        """The statements that open it, with more `settings` of the server that hold for this transaction."""
        company = str(self.company_id) if self.company_id else ""
        own = {"app.company_id": company, "app.scope": "system" if self.system else "", **(settings or {})}
        chosen = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in own.items())
        mode = _SNAPSHOT if self.snapshot else " READ ONLY" if self.read_only else ""
        opening = f"BEGIN{mode}; SELECT {chosen}"
        return Opening(f"{opening}; {self.guard}" if self.guard else opening, is_guarded=self.guard is not None)


class _Transaction:
    """What SQLAlchemy's asyncpg adapter keeps while a transaction is open."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")


class TenantSession(Session):
    """A session that begins its transactions for a tenant."""


class ConnectionLost(Exception):
    """The connection was gone before anything was asked of it."""


@event.listens_for(TenantSession, "after_begin")
def _begin_for_tenant(session: Session, _transaction: Any, connection: Any) -> None:
    """Begin; once more on a new connection if this one turns out to be lost, which costs nobody anything."""
    opening: Opening = session.info["begin"]
    try:
        begin(connection.connection.dbapi_connection, opening)
    except ConnectionLost as lost:
        try:
            # with it all of its age, as SQLAlchemy itself does when a statement finds its connection lost
            connection.engine.pool._invalidate(connection.connection, lost)
            connection._dbapi_connection = connection.engine.raw_connection()
            begin(connection.connection.dbapi_connection, opening)
        except (ConnectionLost, connection.dialect.dbapi.Error) as error:
            raise Unavailable("the database is unavailable") from error


def begin(adapter: Any, opening: Opening) -> None:
    """Open a transaction on a connection as SQLAlchemy's driver adapts it, in a greenlet.

    Raises `ConnectionLost`, or `Unauthenticated` when the guard has no row.
    """
    if adapter._transaction is not None:  # a savepoint of a transaction that is open already
        return
    driver = adapter.driver_connection
    try:
        status = await_only(driver.execute(opening.sql))
    except (*CONNECTION_LOST, asyncpg.OperatorInterventionError) as error:  # or shut down, or by its own timeout
        raise ConnectionLost from error
    except Exception as error:
        adapter._handle_exception(error)
    adapter._transaction = _Transaction(driver)
    if opening.is_guarded and status == _NO_ROW:
        raise Unauthenticated("the session has ended, or the API key was revoked")


class Database:
    """Hands out transactions on one engine; those that only read on the replica, if there is one and it is fresh.

    `settings` of the server are set by each transaction: the time limits, where a pooler keeps none for a session.
    """

    def __init__(
        self, engine: AsyncEngine, *, replica: Replica | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.engine = engine
        self.replica = replica
        self.plans = Plans(engine.dialect)
        self._settings = settings

    def session(self, tenant: Tenant) -> AsyncSession:
        """A session that takes no connection before its first statement. The caller ends it by `finish`."""
        info = {"begin": tenant.begin(_UNHURRIED if tenant.snapshot else self._settings)}
        return AsyncSession(
            self._engine_for(tenant), sync_session_class=TenantSession, expire_on_commit=False, info=info
        )

    async def fetch(self, tenant: Tenant, sql: str, arguments: Sequence[Any]) -> Sequence[asyncpg.Record]:
        """The rows of one statement in a transaction of its own (`reading`)."""
        from etter_common.db import reading

        return await reading.fetch(self._engine_for(tenant), tenant.begin(self._settings), sql, arguments)

    def _engine_for(self, tenant: Tenant) -> AsyncEngine:
        may_be_old = tenant.read_only and tenant.guard is None
        if may_be_old and self.replica is not None and self.replica.is_fresh:
            _ON_REPLICA.inc()
            return self.replica.engine
        _ON_PRIMARY.inc()
        return self.engine

    @asynccontextmanager
    async def transaction(
        self, company_id: UUID | None, *, system: bool = False, read_only: bool = False, snapshot: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """One transaction outside a request: a message, a job step, a stream's look at the database."""
        session = self.session(Tenant(company_id, system, read_only, snapshot))
        try:
            yield session
        except BaseException as error:
            await finish(session, error)
            raise
        await finish(session)

    async def close(self) -> None:
        await self.engine.dispose()
        if self.replica is not None:
            await self.replica.engine.dispose()


async def finish(session: AsyncSession, error: BaseException | None = None) -> None:
    """Commit, or roll back after an error that does not keep its writes; always give the connection back.

    Raises the business error a violated constraint stands for, and `Unavailable` when the database is unavailable.
    """
    keep = isinstance(error, AppError) and error.keep_writes
    try:
        if error is None or keep:
            await session.commit()
        else:
            await session.rollback()
    except SQLAlchemyError as failure:
        raise translated(failure) from failure
    finally:
        await session.close()


def translated(failure: BaseException) -> BaseException:
    """The error a database failure stands for; the failure itself when it stands for nothing but a bug."""
    if isinstance(failure, IntegrityError):
        return _violated(failure)
    if isinstance(failure, PoolTimeoutError):
        return Unavailable("all database connections are busy")
    if isinstance(failure, DBAPIError):
        return _told_by_server(failure) or failure
    return failure


def _violated(failure: IntegrityError) -> BaseException:
    """The error the constraint stands for; without one it was a race, or a bug that let a bad value through."""
    cause = _driver_error(failure)
    kind = AppError.by_constraint.get(getattr(cause, "constraint_name", None) or "")
    if kind is not None:
        return kind()
    if getattr(cause, "sqlstate", "") in _RACE_STATES:
        return Conflict("the write clashes with another one")
    return failure


def _told_by_server(failure: DBAPIError) -> AppError | None:
    """By SQLSTATE, or by what the driver itself says where it has none."""
    cause = _driver_error(failure)
    state = str(getattr(cause, "sqlstate", "") or "")
    away = isinstance(failure, OperationalError | InterfaceError) and not state
    if failure.connection_invalidated or away or state.startswith(_UNAVAILABLE_STATES):
        return Unavailable("the database is unavailable")
    if isinstance(cause, asyncpg.InvalidCachedStatementError):
        return Unavailable("the schema has just changed; try again", retry_after_s=1)
    if state in _CLASH_STATES:
        return Unavailable("the write clashed with another one; try again", retry_after_s=1)
    if state == _TOO_SLOW:
        return DeadlineExceeded("a query took longer than its limit")
    if state in _UNSTORABLE_STATES:
        return ValidationFailed("a text holds a character that cannot be stored")
    if state == _OUT_OF_RANGE or (isinstance(cause, asyncpg.DataError) and "out of" in str(failure)):
        return ValidationFailed("a number is too large to be stored")
    return None


def _driver_error(failure: DBAPIError) -> BaseException | None:
    original = failure.orig
    return getattr(original, "__cause__", None) or original
