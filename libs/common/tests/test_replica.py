from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from etter_common.db.engine import make_engine
from etter_common.db.provision import ServiceDatabase, provision
from etter_common.db.replica import Lag, Replica
from etter_common.db.session import Database
from etter_common.errors import Unavailable
from etter_common.platform import open_platform
from etter_common.testing.backbone import until
from etter_common.testing.plugin import Servers
from etter_common.testing.sample import SampleSettings, Thing
from etter_common.testing.service import ServiceUnderTest, alembic_config


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestLag:
    @pytest.fixture
    def lag(self, clock: Clock) -> Lag:
        return Lag(clock)

    def test_nothing_is_known_at_first(self, lag: Lag) -> None:
        assert lag.seconds() == float("inf")

    def test_it_counts_from_the_last_moment_whose_writes_are_there(self, lag: Lag, clock: Clock) -> None:
        for moment, position in ((100.0, 10), (101.0, 20), (102.0, 30)):
            lag.wrote(moment, position)
        clock.now = 103.0
        lag.replayed(25)
        assert lag.seconds() == 2.0

    def test_an_idle_primary_makes_nobody_stale(self, lag: Lag, clock: Clock) -> None:
        for moment in range(100, 200):
            clock.now = moment
            lag.wrote(moment, 10)
            lag.replayed(10)
        assert lag.seconds() == 0.0

    def test_one_that_stands_still_grows_older(self, lag: Lag, clock: Clock) -> None:
        lag.wrote(100.0, 10)
        lag.replayed(10)
        for moment in range(101, 120):
            lag.wrote(moment, moment)
            lag.replayed(10)
        clock.now = 120.0
        assert lag.seconds() == 20.0

    def test_what_is_remembered_is_bounded(self, lag: Lag) -> None:
        for moment in range(10_000):
            lag.wrote(moment, moment + 1)
        assert len(lag._written) < 1000


@pytest.fixture(scope="session")
async def replica_settings(
    servers: Servers, worker: str, settings: SampleSettings, unit_under_test: ServiceUnderTest
) -> SampleSettings:
    """Another database in the replica's place, so that it shows which of the two was asked."""
    name = f"r_sample_{worker}"
    target = ServiceDatabase(name, f"t_sample_{worker}", password="test", owner_password="test")
    await provision(servers.postgres_dsn, target)
    config = alembic_config(unit_under_test.root, target.migration_url(servers.postgres_dsn))
    await asyncio.to_thread(command.upgrade, config, "head")
    return settings.model_copy(update={"replica_url": target.url(servers.postgres_dsn)})


@pytest.fixture
async def both(replica_settings: SampleSettings, clock: Clock) -> AsyncIterator[Database]:
    replica = Replica(make_engine(replica_settings, url=replica_settings.replica_url), max_lag_s=5, clock=clock)
    db = Database(make_engine(replica_settings), replica=replica)
    yield db
    await db.close()


async def asked(db: Database, *, read_only: bool = True) -> str:
    async with db.transaction(None, read_only=read_only) as session:
        return str(await session.scalar(text("SELECT current_database()")))[:1]


REPLICA, PRIMARY = "r", "t"


class TestRouting:
    async def measured(self, db: Database) -> Replica:
        assert db.replica is not None
        await db.replica.measure(db.engine)
        return db.replica

    async def test_only_what_reads_goes_to_the_replica(self, both: Database) -> None:
        await self.measured(both)
        assert await asked(both) == REPLICA
        assert await asked(both, read_only=False) == PRIMARY

    async def test_one_that_was_never_measured_is_not_asked(self, both: Database) -> None:
        assert await asked(both) == PRIMARY

    async def test_one_that_is_too_far_behind_is_not_asked(self, both: Database, clock: Clock) -> None:
        await self.measured(both)
        clock.now += 5.1
        assert await asked(both) == PRIMARY

    async def test_one_that_takes_no_connection_is_not_asked_again(
        self, replica_settings: SampleSettings, both: Database, clock: Clock
    ) -> None:
        nowhere = make_engine(replica_settings, url="postgresql+asyncpg://u@127.0.0.1:1/none")
        replica = Replica(nowhere, max_lag_s=5, clock=clock)
        replica.lag.wrote(clock.now, 1)
        replica.lag.replayed(1)
        db = Database(both.engine, replica=replica)
        with pytest.raises(Unavailable):
            await asked(db)
        assert await asked(db) == PRIMARY
        await nowhere.dispose()

    async def test_it_cannot_write_whoever_is_asked(self, both: Database, company_id: UUID) -> None:
        for _ in range(2):  # the primary, then the replica
            with pytest.raises(DBAPIError, match="read-only transaction"):
                async with both.transaction(company_id, read_only=True) as session:
                    session.add(Thing(company_id=company_id, name="x"))
            await self.measured(both)


class TestPlatform:
    async def test_it_is_measured_and_used_where_a_work_only_reads(self, replica_settings: SampleSettings) -> None:
        async with open_platform(replica_settings) as platform:

            async def is_fresh() -> bool:
                return platform.db.replica is not None and platform.db.replica.is_fresh

            await until(is_fresh)
            ctx = platform.context(read_only=True, system=True)
            found = await ctx.session.scalar(text("SELECT current_database()"))
            await ctx.finish()
            assert str(found).startswith("r_sample")
            async with platform.work(system=True) as work:
                assert str(await work.session.scalar(text("SELECT current_database()"))).startswith("t_sample")
