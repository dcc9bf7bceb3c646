"""The pool after a restart of its server, and what is known of every statement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import UUID

import asyncpg
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import make_url, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine

from etter_common import metrics, tracing
from etter_common.context import Context
from etter_common.db.engine import MeasuredPool, make_engine, time_limits, watch_pool
from etter_common.db.query_log import count_queries, name
from etter_common.db.session import Database, Tenant, translated
from etter_common.errors import DeadlineExceeded, Unavailable
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient
from etter_common.testing.sample import SampleSettings, Thing
from etter_common.testing.wire import Wire


async def ask(platform: Platform) -> int:
    async with platform.work(system=True) as ctx:
        return int(await ctx.session.scalar(text("SELECT pg_backend_pid()")) or 0)


async def stored(platform: Platform, company_id: UUID) -> UUID:
    async with platform.work(company_id=company_id) as work:
        thing = Thing(company_id=company_id, name=f"thing {new_id()}")
        work.session.add(thing)
        await work.session.flush()
    return thing.id


@contextmanager
def translating() -> Iterator[None]:
    """As the layer around a request does it."""
    try:
        yield
    except DBAPIError as error:
        raise translated(error) from error


def sample(metric: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(metric, labels) or 0


class TestPool:
    async def test_connections_the_server_closed_are_replaced_unseen(self, platform: Platform) -> None:
        pids = set(await asyncio.gather(*(ask(platform) for _ in range(8))))
        url = platform.settings.database_url.replace("postgresql+asyncpg://", "postgresql://", 1)
        other = await asyncpg.connect(url)
        await other.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid", list(pids))
        await other.close()
        again = await asyncio.gather(*(ask(platform) for _ in range(8)))
        assert pids.isdisjoint(again)

    async def test_it_is_measured(self, platform: Platform) -> None:
        watch_pool(platform.db.engine)  # the last one opened in this process is told of, and this is not it
        limit = platform.settings.pool_size
        assert sample("etter_db_pool_connections", state="limit") == limit
        pool = platform.db.engine.sync_engine.pool
        async with platform.work(system=True) as ctx:
            await ctx.session.execute(text("SELECT 1"))  # the service's own tasks may have connections too
            assert sample("etter_db_pool_connections", state="in_use") == pool.checkedout() >= 1  # type: ignore[attr-defined]

    async def test_its_want_is_measured(self, platform: Platform) -> None:
        small = create_async_engine(
            platform.db.engine.url, poolclass=MeasuredPool, pool_size=1, max_overflow=0, pool_timeout=0.01
        )
        waits, timeouts = sample("etter_db_pool_wait_seconds_count"), sample("etter_db_pool_timeouts_total")
        async with small.connect():
            with pytest.raises(PoolTimeoutError):
                await small.connect()
        await small.dispose()
        assert sample("etter_db_pool_wait_seconds_count") - waits >= 2
        assert sample("etter_db_pool_timeouts_total") - timeouts == 1

    async def test_each_connection_has_its_time_limits(self, platform: Platform) -> None:
        async with platform.work(system=True) as ctx:
            shown = {name: await ctx.session.scalar(text(f"SHOW {name}")) for name in time_limits(platform.settings)}
        assert shown == {
            "statement_timeout": "10s",
            "lock_timeout": "5s",
            "idle_in_transaction_session_timeout": "1min",
        }

    async def test_when_all_are_busy_it_says_so(self, settings: SampleSettings) -> None:
        one = settings.model_copy(update={"pool_size": 1})
        engine = make_engine(one)
        engine.sync_engine.pool._timeout = 0.01  # type: ignore[attr-defined]  # of a QueuePool
        async with engine.connect():
            with pytest.raises(PoolTimeoutError) as busy:
                await engine.connect()
        await engine.dispose()
        error = translated(busy.value)
        assert isinstance(error, Unavailable)
        assert error.headers["Retry-After"] == "2"


class TestClashes:
    """What another transaction is to blame for is told as something to try again, never as a bug."""

    async def test_a_lock_that_is_not_given_in_time(self, platform: Platform, ctx: Context, company_id: UUID) -> None:
        thing = await stored(platform, company_id)
        await ctx.session.execute(select(Thing).where(Thing.id == thing).with_for_update())
        other = platform.context(origin=ctx.origin, company_id=company_id)
        await other.session.execute(text("SET LOCAL lock_timeout = 50"))
        with pytest.raises(Unavailable, match="try again"), translating():
            await other.session.execute(select(Thing).where(Thing.id == thing).with_for_update())
        for context in (other, ctx):
            await context.finish(RuntimeError())

    async def test_two_that_wait_for_each_other(self, platform: Platform, company_id: UUID) -> None:
        things = [await stored(platform, company_id) for _ in range(2)]
        both = asyncio.Barrier(2)

        async def change(first: UUID, second: UUID) -> None:
            async with platform.work(company_id=company_id) as work:
                await work.session.execute(update(Thing).where(Thing.id == first).values(size=1))
                await both.wait()
                with translating():
                    await work.session.execute(update(Thing).where(Thing.id == second).values(size=1))

        done = await asyncio.gather(change(*things), change(*reversed(things)), return_exceptions=True)
        assert [type(result) for result in done if result is not None] == [Unavailable]

    async def test_a_query_that_takes_too_long(self, ctx: Context) -> None:
        await ctx.session.execute(text("SET LOCAL statement_timeout = 50"))
        with pytest.raises(DeadlineExceeded), translating():
            await ctx.session.execute(text("SELECT pg_sleep(5)"))
        await ctx.finish(RuntimeError())

    async def test_a_schema_that_changed_under_a_prepared_statement(self, platform: Platform, ctx: Context) -> None:
        """A migration of the next release while this one serves: the first use of the old plan is refused."""
        owner = await asyncpg.connect(str(platform.settings.migration_url).replace("+asyncpg", "", 1))
        table = f"changing_{new_id().hex}"
        await owner.execute(f"CREATE TABLE {table} (a int)")
        reading = text(f"SELECT a FROM {table}")  # noqa: S608 - our own name
        async with platform.work(system=True) as before:
            await before.session.execute(reading)
        await owner.execute(f"ALTER TABLE {table} ALTER COLUMN a TYPE text")
        with pytest.raises(Unavailable, match="schema"), translating():
            await ctx.session.execute(reading)
        await ctx.finish(RuntimeError())
        await owner.execute(f"DROP TABLE {table}")
        await owner.close()


class TestOutage:
    """Whatever the server or the way to it does, one error tells of it; what is not the database's stays a bug."""

    @pytest.fixture
    async def wire(self, settings: SampleSettings) -> AsyncIterator[Wire]:
        url = make_url(settings.database_url)
        async with Wire.to(str(url.host), int(url.port or 0)) as wire:
            yield wire

    @pytest.fixture
    async def wired(self, settings: SampleSettings, wire: Wire) -> AsyncIterator[Database]:
        url = make_url(settings.database_url).set(host="127.0.0.1", port=wire.port)
        database = Database(make_engine(settings, url=url.render_as_string(hide_password=False)))
        yield database
        await database.close()

    async def test_a_refused_connection(self, wired: Database, wire: Wire) -> None:
        await wire.cut()
        with pytest.raises(Unavailable, match="unavailable"):
            async with wired.transaction(None, system=True) as session:
                await session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="unavailable"):
            await wired.fetch(Tenant(None, system=True), "SELECT 1", [])

    async def test_a_connection_lost_in_a_statement(self, wired: Database, wire: Wire) -> None:
        wire.cut_at = b"pg_sleep"
        with pytest.raises(Unavailable, match="unavailable"), translating():
            async with wired.transaction(None, system=True) as session:
                await session.execute(text("SELECT pg_sleep(0)"))
        with pytest.raises(Unavailable, match="unavailable"):
            await wired.fetch(Tenant(None, system=True), "SELECT pg_sleep(0)", [])

    async def test_a_connection_lost_at_the_commit(self, wired: Database, wire: Wire) -> None:
        wire.cut_at = b"COMMIT"
        with pytest.raises(Unavailable, match="unavailable"):
            async with wired.transaction(None, system=True) as session:
                await session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="unavailable"):
            await wired.fetch(Tenant(None, system=True), "SELECT 1", [])

    async def test_a_refused_password(self, settings: SampleSettings) -> None:
        url = make_url(settings.database_url).set(password="another")
        database = Database(make_engine(settings, url=url.render_as_string(hide_password=False)))
        with pytest.raises(Unavailable, match="unavailable"):
            async with database.transaction(None, system=True) as session:
                await session.execute(text("SELECT 1"))
        await database.close()

    @pytest.mark.parametrize(
        "state",
        ["08006", "53000", "53100", "53200", "53300", "53400", "57P01", "57P02", "57P03", "57P05", "58000", "58030"],
    )
    async def test_what_the_server_says_of_itself(self, wired: Database, state: str) -> None:
        """A full disk is 53100, a shutdown 57P01."""
        statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
        with pytest.raises(Unavailable, match="unavailable"), translating():
            async with wired.transaction(None, system=True) as session:
                await session.execute(text(statement))

    async def test_an_error_of_the_machine_is_not_the_databases(self, wired: Database) -> None:
        async def work() -> None:
            async with wired.transaction(None, system=True) as session:
                await session.execute(text("SELECT 1"))
                raise PermissionError

        with pytest.raises(PermissionError):
            await work()


class TestQueryLog:
    async def test_statements_and_their_times(self, platform: Platform) -> None:
        measured = sample("etter_db_query_seconds_count")
        with count_queries() as outer, count_queries() as log:
            async with platform.work(system=True) as ctx:
                await ctx.session.execute(text("SELECT id FROM outbox"))
                await ctx.session.execute(text("SELECT pg_sleep(0.01)"))
        (first, *_), (verb, began, ended) = log.timings()
        assert (first, verb) == ("SELECT outbox", "SELECT")
        assert ended - began >= 10_000_000
        assert outer.statements == log.statements
        assert sample("etter_db_query_seconds_count") >= measured + 2

    async def test_one_that_fails_is_there_too(self, platform: Platform) -> None:
        with count_queries() as log, pytest.raises(DBAPIError):
            async with platform.work(system=True) as ctx:
                await ctx.session.execute(text("SELECT 1 / 0"))
        assert log.count == 1

    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            ("SELECT a FROM roles WHERE b = $1", "SELECT roles"),
            ("INSERT INTO outbox (id) VALUES ($1)", "INSERT outbox"),
            ('UPDATE "users" SET a = $1', "UPDATE users"),
            ("WITH x AS (SELECT 1) DELETE FROM tasks", "WITH tasks"),
            ("SELECT 1", "SELECT"),
            ("", "?"),
        ],
    )
    def test_the_name_holds_no_value(self, statement: str, expected: str) -> None:
        assert name(statement) == expected


class TestRequest:
    @pytest.mark.principal("analyst")
    async def test_its_statements_are_counted_and_are_spans(self, client: CheckedClient) -> None:
        exporter = InMemorySpanExporter()
        provider = tracing.make_provider("sample", "test", ratio=1.0, exporter=exporter)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracing.use(provider)
        route = {"route": "/api/sample/v1/things"}
        before = sample("etter_http_request_queries_sum", **route)
        try:
            assert (await client.get("/things")).status_code == 200
        finally:
            tracing.shutdown()
        assert sample("etter_http_request_queries_sum", **route) == before + 1
        spans = {span.name: span for span in exporter.get_finished_spans()}
        request, statement = spans["GET /api/sample/v1/things"], spans["SELECT things"]
        assert statement.parent is not None
        assert statement.parent.span_id == request.context.span_id
        assert statement.attributes == {"db.system.name": "postgresql"}
