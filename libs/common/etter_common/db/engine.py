"""The pool and its time limits, straight to the server or through a pooler."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from etter_common import metrics, responses
from etter_common.clock import monotonic
from etter_common.db import query_log
from etter_common.errors import Unavailable
from etter_common.ids import new_id
from etter_common.settings import ServiceSettings

POOL_TIMEOUT_S: Final = 5
CONNECT_TIMEOUT_S: Final = 5
IDLE_IN_TRANSACTION_MS: Final = 60_000
CONNECTION_LOST: Final = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises when the server is gone. A refused, reset or timed out connection is an `OSError`."""


class MeasuredPool(AsyncAdaptedQueuePool):
    """Tells how long a connection was waited for: the pool's saturation."""

    def _do_get(self) -> Any:  # Any: SQLAlchemy's own record
        began = monotonic()
        try:
            return super()._do_get()
        except PoolTimeoutError:
            metrics.DB_POOL_TIMEOUTS.inc()
            raise
        finally:
            metrics.DB_POOL_WAIT_SECONDS.observe(monotonic() - began)


def make_engine(settings: ServiceSettings, *, url: str | None = None, pooled: bool = False) -> AsyncEngine:
    """A pooled engine whose connections carry the service's name and its time limits.

    `pooled`: `url` leads to a pooler in transaction mode (PgBouncer), where a connection is another one after each
    transaction. Then nothing is kept in a session: no prepared statement outlives its use, none has a name that another
    client could have taken, and the time limits are set by each transaction (`Database`).
    """
    engine = create_async_engine(
        url or settings.database_url,
        poolclass=MeasuredPool,
        pool_size=settings.pool_size,
        max_overflow=0,  # a connection beyond the pool's size would be opened for one use and closed after it
        pool_timeout=POOL_TIMEOUT_S,
        pool_recycle=1800,
        pool_use_lifo=True,
        json_serializer=lambda value: responses.encode(value).decode(),
        connect_args=_pooled(settings) if pooled else _direct(settings),
    )
    query_log.watch(engine.sync_engine)
    event.listen(engine.sync_engine, "do_connect", connect)
    event.listen(engine.sync_engine, "handle_error", _classify)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def connect(dialect: Any, _record: Any, given: Any, named: Any) -> Any:  # Any: SQLAlchemy's event
    """Open a connection. Raises `Unavailable` for anything that prevents it, a wrong password among them.

    SQLAlchemy lets the driver's own exceptions through here, so this is where they become ours.
    """
    try:
        return dialect.connect(*given, **named)
    except (*CONNECTION_LOST, asyncpg.PostgresError, dialect.loaded_dbapi.Error) as error:
        raise Unavailable("the database is unavailable") from error


def time_limits(settings: ServiceSettings) -> dict[str, str]:
    """PostgreSQL's own limits, in milliseconds."""
    return {
        "statement_timeout": str(settings.statement_timeout_ms),
        "lock_timeout": str(settings.lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
    }


def watch_pool(engine: AsyncEngine) -> None:
    """Report the pool in the metrics: of a service's one engine."""
    pool = engine.sync_engine.pool
    assert isinstance(pool, QueuePool)  # noqa: S101 - what `make_engine` makes
    metrics.watch_pool({"in_use": pool.checkedout, "idle": pool.checkedin, "limit": pool.size})


def _direct(settings: ServiceSettings) -> dict[str, Any]:
    named = {"application_name": f"etter-{settings.service}", "timezone": "UTC"}
    return {"timeout": CONNECT_TIMEOUT_S, "server_settings": named | time_limits(settings)}


def _pooled(settings: ServiceSettings) -> dict[str, Any]:
    return {
        "timeout": CONNECT_TIMEOUT_S,
        "server_settings": {"application_name": f"etter-{settings.service}", "timezone": "UTC"},  # poolers know these
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"etter_{new_id().hex}",
    }


def _classify(context: ExceptionContext) -> None:
    """SQLAlchemy passes on unchanged what is no error of the DB-API: a connection that is reset, say."""
    if context.sqlalchemy_exception is None and isinstance(context.original_exception, CONNECTION_LOST):
        raise Unavailable("the database is unavailable") from context.original_exception


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection the server has closed (a restart, a failover) is replaced, not handed out.

    The driver saw the end of the socket, so this asks nobody: no ping before each request.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("closed by the server")
