"""One statement that reads, in a transaction of its own, straight from the driver on a connection of the pool.

What a session does beside (units of work, results that know their columns) costs as much again as the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Pool
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only, greenlet_spawn

from etter_common.clock import epoch_ns
from etter_common.db import query_log
from etter_common.db.engine import CONNECTION_LOST
from etter_common.db.session import ConnectionLost, Opening, begin, translated
from etter_common.errors import Unavailable

Records = Sequence[asyncpg.Record]


async def fetch(engine: AsyncEngine, opening: Opening, sql: str, arguments: Sequence[Any]) -> Records:
    """The rows of `sql` in the transaction that `opening` begins; raises the business error a failure stands for.

    A connection that turns out to be lost at the beginning, or to know an older schema, is passed over for another,
    once: nothing has happened yet.
    """
    try:
        return await greenlet_spawn(_read_again_if_lost, engine.sync_engine.pool, opening, sql, arguments)
    except asyncpg.InvalidCachedStatementError as error:
        raise Unavailable("the schema has just changed; try again", retry_after_s=1) from error
    except (ConnectionLost, *CONNECTION_LOST) as error:
        raise Unavailable("the database is unavailable") from error
    except TimeoutError as error:
        raise translated(error) from error
    except engine.dialect.loaded_dbapi.Error as error:
        dialect = engine.dialect
        failure = DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, dialect=dialect)
        raise translated(failure) from error


def _read_again_if_lost(pool: Pool, opening: Opening, sql: str, arguments: Sequence[Any]) -> Records:
    try:
        return _read(pool, opening, sql, arguments)
    except (ConnectionLost, asyncpg.InvalidCachedStatementError):
        return _read(pool, opening, sql, arguments)


def _read(pool: Pool, opening: Opening, sql: str, arguments: Sequence[Any]) -> Records:
    """In a greenlet of SQLAlchemy's. A connection given back in a transaction is rolled back by the pool."""
    taken = pool.connect()
    adapter: Any = taken.dbapi_connection  # SQLAlchemy's around asyncpg's
    driver: Any = adapter.driver_connection
    try:
        begin(adapter, opening)
        began_ns = epoch_ns()
        try:
            rows: Records = await_only(driver.fetch(sql, *arguments))
        finally:
            query_log.record(sql, began_ns)
        adapter.commit()
        return rows
    except ConnectionLost as lost:
        pool._invalidate(taken, lost)  # with it all of its age, as when a statement of a session finds it lost
        raise
    except asyncpg.InvalidCachedStatementError:
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        adapter._handle_exception(error)
        raise
    except BaseException as error:  # cancelled: an answer is on its way that nobody waits for
        driver.terminate()
        taken.invalidate(error)
        raise
    finally:
        taken.close()
