"""Through a pooler in transaction mode: each transaction may meet a server connection that others have used and reset.

Nothing here needs a pooler: what it does to a connection between two transactions is done to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from etter_common.db.engine import make_engine, time_limits
from etter_common.db.session import Database
from etter_common.testing.sample import SampleSettings, Thing

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture
def one(settings: SampleSettings) -> SampleSettings:
    """With one connection, so that every transaction meets the one that was reset."""
    return settings.model_copy(update={"pool_size": 1, "statement_timeout_ms": 7_000})


@pytest.fixture
async def pooled(one: SampleSettings) -> AsyncIterator[Database]:
    db = Database(make_engine(one, pooled=True), settings=time_limits(one))
    yield db
    await db.close()


@pytest.fixture
async def direct(one: SampleSettings) -> AsyncIterator[Database]:
    db = Database(make_engine(one))
    yield db
    await db.close()


async def reset(engine: AsyncEngine) -> None:
    """What a pooler does before it gives the server's connection to somebody else."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute("DISCARD ALL")


async def read(db: Database, company_id: UUID) -> list[str]:
    async with db.transaction(company_id) as session:
        return list((await session.scalars(select(Thing.name).where(Thing.size == 1))).all())


async def test_the_same_statement_again_on_a_connection_that_was_reset(pooled: Database, company_id: UUID) -> None:
    for _ in range(3):
        assert await read(pooled, company_id) == []
        await reset(pooled.engine)


async def test_a_pool_of_its_own_would_not_survive_that(direct: Database, company_id: UUID) -> None:
    """What the mode is for: without it a prepared statement that is gone is used again."""
    await read(direct, company_id)
    await reset(direct.engine)
    with pytest.raises(DBAPIError, match="does not exist"):
        await read(direct, company_id)


async def test_nothing_prepared_is_left_behind(pooled: Database, company_id: UUID) -> None:
    await read(pooled, company_id)
    async with pooled.transaction(company_id) as session:
        await session.execute(select(Thing.id))
        names = (await session.scalars(text("SELECT name FROM pg_prepared_statements"))).all()
    assert len(names) == len(set(names)) <= 1, "at most the statement that asks"


async def test_each_transaction_brings_its_time_limits(pooled: Database, one: SampleSettings, company_id: UUID) -> None:
    await reset(pooled.engine)
    async with pooled.transaction(company_id) as session:
        shown = {name: await session.scalar(text(f"SHOW {name}")) for name in LIMITS}
    assert shown == {"statement_timeout": "7s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "1min"}
    async with pooled.engine.connect() as connection:
        assert (await connection.execute(text("SHOW statement_timeout"))).scalar_one() == "0", "and takes them along"
