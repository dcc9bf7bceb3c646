"""A list read by its plan is the list that SQLAlchemy reads, and its connection comes back whatever happens."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import ColumnElement, func, select, text

from etter_common.context import Context
from etter_common.db.engine import make_engine
from etter_common.db.pages import PageRead
from etter_common.db.query_log import count_queries
from etter_common.db.session import Database, Tenant
from etter_common.errors import DeadlineExceeded, Unavailable, ValidationFailed
from etter_common.ids import new_id
from etter_common.pagination import PageParams, Position, beyond
from etter_common.platform import Platform, open_platform
from etter_common.testing.sample import LISTING, SampleSettings, Thing, ThingRepository
from etter_devstack.servers.ports import free_port

COLUMNS: dict[str, Any] = {
    "id": Thing.id, "name": Thing.name, "size": Thing.size, "rank": Thing.rank, "created_at": Thing.created_at,
    "shout": func.upper(Thing.name) + "!",
}  # fmt: skip
SORTS = ["name", "-size", "rank,-name", "-rank", "created_at"]


async def fill(platform: Platform, company_id: UUID, count: int = 12) -> None:
    async with platform.work(company_id=company_id) as ctx:
        for n in range(count):
            rank = [None, 0, 1][n % 3]
            ctx.session.add(Thing(company_id=company_id, name=f"{company_id} {n:02}", size=n % 4, rank=rank))


def some_where(chance: random.Random) -> list[ColumnElement[bool]]:
    some: list[ColumnElement[bool]] = [
        Thing.size >= chance.randint(0, 3),
        func.lower(Thing.name).contains(str(chance.randint(0, 9)), autoescape=True),
        Thing.rank.is_not(None),
        Thing.rank == chance.randint(0, 1),
        Thing.size.in_([chance.randint(0, 3) for _ in range(chance.randint(1, 3))]),
    ]
    return chance.sample(some, chance.randint(0, 2))


async def read(ctx: Context, where: list[ColumnElement[bool]], **params: Any) -> Any:
    columns = {name: COLUMNS[name] for name in sorted(COLUMNS)}
    return await ThingRepository(ctx).page(LISTING, PageParams(**params), columns, where=where)


class TestSameRows:
    @pytest.mark.parametrize("seed", range(4))
    async def test_as_in_a_transaction_that_has_begun(self, platform: Platform, seed: int) -> None:
        chance = random.Random(seed)
        companies = [new_id(), new_id()]
        for company in companies:
            await fill(platform, company)
        for _ in range(15):
            params: dict[str, Any] = {"sort": chance.choice(SORTS), "limit": chance.randint(1, 5)}
            where = some_where(chance)
            for company in companies:
                cursor = None
                while True:
                    async with platform.work(company_id=company) as apart, platform.work(company_id=company) as begun:
                        await begun.session.execute(text("SELECT 1"))
                        page = await read(apart, where, **params, cursor=cursor)
                        assert page == await read(begun, where, **params, cursor=cursor)
                    assert all(str(company) in row["name"] for row in page.rows)
                    cursor = page.next_cursor
                    if cursor is None:
                        break

    async def test_the_second_read_has_one_statement_and_no_session(self, platform: Platform, company_id: UUID) -> None:
        await fill(platform, company_id)
        for size in (1, 2):
            with count_queries() as log:
                async with platform.work(company_id=company_id) as ctx:
                    page = await read(ctx, [Thing.size >= size])
                    assert {row["size"] for row in page.rows} == set(range(size, 4))
                    assert ("session" in ctx.__dict__) is (size == 1)
            assert log.count == 1

    async def test_its_own_writes_are_read(self, platform: Platform, company_id: UUID) -> None:
        for _ in range(2):
            async with platform.work(company_id=company_id) as ctx:
                ctx.session.add(Thing(company_id=company_id, name=f"new {new_id()}"))
                assert (await read(ctx, [])).rows[-1]["name"].startswith("new")

    async def test_row_level_security_is_the_second_lock(self, platform: Platform, company_id: UUID) -> None:
        await fill(platform, company_id)
        sql, others = "SELECT id FROM things", Tenant(new_id())
        assert len(await platform.db.fetch(Tenant(company_id), sql, [])) == 12
        assert await platform.db.fetch(others, sql, []) == []

    async def test_nothing_of_a_company_is_left_on_the_connection(self, settings: SampleSettings) -> None:
        async with open_platform(settings.model_copy(update={"pool_size": 1})) as platform:
            company = new_id()
            await fill(platform, company)
            for _ in range(2):
                async with platform.work(company_id=company) as ctx:
                    await read(ctx, [])
            async with platform.db.engine.connect() as connection:
                assert await connection.scalar(select(func.count()).select_from(Thing)) == 0


class TestShape:
    def page_read(self, *where: ColumnElement[bool], position: Position | None = None, limit: int = 10) -> PageRead:
        keys = LISTING.keys("rank")
        seek = [beyond(keys, position)] if position else []
        return PageRead({"id": Thing.id}, keys, [*where, *seek], None, False, limit)

    def key(self, *where: ColumnElement[bool], **more: Any) -> Any:
        shape = self.page_read(*where, **more).shape()
        assert shape is not None
        return shape.key

    def test_values_and_limit_are_no_part_of_it(self) -> None:
        assert self.key(Thing.size > 1, limit=3) == self.key(Thing.size > 2, limit=4)
        at = [Position([rank, str(new_id())]) for rank in (1, 2)]
        assert self.key(position=at[0]) == self.key(position=at[1])

    def test_what_makes_other_sql_is(self) -> None:
        here, nowhere = Position([1, str(new_id())]), Position([None, str(new_id())])
        keys = [
            self.key(), self.key(Thing.size > 1), self.key(Thing.size < 1), self.key(Thing.rank.is_(None)),
            self.key(position=here), self.key(position=nowhere),
        ]  # fmt: skip
        assert len(set(keys)) == len(keys)


class TestFaults:
    async def test_a_connection_that_died_at_rest_is_passed_over(self, platform: Platform, company_id: UUID) -> None:
        await fill(platform, company_id)
        pids = await self.pids(platform, company_id)
        other = await asyncpg.connect(platform.settings.database_url.replace("+asyncpg", "", 1))
        await other.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid", list(pids))
        await other.close()
        assert pids.isdisjoint(await self.pids(platform, company_id))

    async def pids(self, platform: Platform, company_id: UUID) -> set[int]:
        """Of the connections of several reads at once."""
        sql = "SELECT pg_backend_pid() AS pid FROM things LIMIT 1"
        found = await asyncio.gather(*(platform.db.fetch(Tenant(company_id), sql, []) for _ in range(6)))
        return {row["pid"] for rows in found for row in rows}

    async def test_a_schema_that_has_changed_costs_one_more_try(self, platform: Platform, company_id: UUID) -> None:
        owner = await asyncpg.connect(str(platform.settings.migration_url).replace("+asyncpg", "", 1))
        table, tenant = f"changing_{new_id().hex}", Tenant(company_id)
        await owner.execute(f"CREATE TABLE {table} AS SELECT 1 AS a")
        try:
            sql = f"SELECT a FROM {table}"  # noqa: S608 - our own name
            assert [tuple(row) for row in await platform.db.fetch(tenant, sql, [])] == [(1,)]
            await owner.execute(f"ALTER TABLE {table} ALTER COLUMN a TYPE text")
            assert [tuple(row) for row in await platform.db.fetch(tenant, sql, [])] == [("1",)]
        finally:
            await owner.execute(f"DROP TABLE {table}")
            await owner.close()

    @pytest.mark.parametrize(
        ("sql", "arguments", "kind"),
        [
            ("SELECT pg_sleep(5)", [], DeadlineExceeded),
            ("SELECT $1::int", [2**40], ValidationFailed),
            ("SELECT $1::text", ["\0"], ValidationFailed),
        ],
    )
    async def test_failures_are_told_as_those_of_a_session(
        self, settings: SampleSettings, sql: str, arguments: list[Any], kind: type[Exception]
    ) -> None:
        hasty = settings.model_copy(update={"pool_size": 1, "statement_timeout_ms": 100})
        async with open_platform(hasty) as platform:
            for _ in range(2):  # the one connection is as good as before
                with pytest.raises(kind):
                    await platform.db.fetch(Tenant(new_id()), sql, arguments)
            assert len(await platform.db.fetch(Tenant(new_id()), "SELECT 1", [])) == 1

    async def test_one_that_is_cancelled_leaves_no_answer_behind(self, settings: SampleSettings) -> None:
        async with open_platform(settings.model_copy(update={"pool_size": 1})) as platform:
            tenant = Tenant(new_id())
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await platform.db.fetch(tenant, "SELECT pg_sleep(5)", [])
                assert [tuple(row) for row in await platform.db.fetch(tenant, "SELECT 7", [])] == [(7,)]

    async def test_without_a_server_it_says_so(self, settings: SampleSettings) -> None:
        url = f"postgresql+asyncpg://nobody:x@127.0.0.1:{free_port()}/none"
        database = Database(make_engine(settings.model_copy(update={"database_url": url})))
        with pytest.raises(Unavailable):
            await database.fetch(Tenant(new_id()), "SELECT 1", [])
        await database.close()
