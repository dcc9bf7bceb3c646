"""The pool after a restart of its server, and what is known of every statement."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from etter_common import metrics, tracing
from etter_common.db.engine import watch_pool
from etter_common.db.query_log import count_queries, name
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient


async def ask(platform: Platform) -> int:
    async with platform.work(system=True) as ctx:
        return int(await ctx.session.scalar(text("SELECT pg_backend_pid()")) or 0)


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
        limit = platform.settings.pool_size + platform.settings.pool_overflow
        assert sample("etter_db_pool_connections", state="limit") == limit
        before = sample("etter_db_pool_connections", state="in_use")
        async with platform.work(system=True) as ctx:
            await ctx.session.execute(text("SELECT 1"))
            assert sample("etter_db_pool_connections", state="in_use") == before + 1


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
