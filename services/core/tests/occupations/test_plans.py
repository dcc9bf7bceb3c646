"""Searches of the taxonomy can use its trigram indexes.

The tables have no row-level security, so nothing keeps `lower(title) LIKE` out of an index. The rows, a fraction of a
full release, are never committed; without statistics of them the planner has to be told not to read all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_core.occupations.repository import OccupationRepository
from etter_core.occupations.schemas import OccupationQuery

_FILL = (
    "INSERT INTO occupations (code, title, description, source)"
    " SELECT 'test ' || n, 'Occupation ' || md5(n::text), '', 'test' FROM generate_series(1, 1000) n",
    "INSERT INTO occupation_titles (occupation_code, title)"
    " SELECT code, md5(code || n) || ' clerk' FROM occupations, generate_series(1, 10) n WHERE source = 'test'",
    "INSERT INTO occupation_tasks (occupation_code, position, statement, time_share, exposure, label_source)"
    " SELECT code, n, 'Do ' || md5(code || n), 0.1, 'E0', 'test'"
    " FROM occupations, generate_series(0, 9) n WHERE source = 'test'",
    "INSERT INTO occupation_skills (occupation_code, name, importance)"
    " SELECT code, 'Skill ' || md5(code || n), 0.5 FROM occupations, generate_series(1, 10) n WHERE source = 'test'",
    "SET LOCAL enable_seqscan = off",
)

Query = Callable[[OccupationRepository], Awaitable[object]]
QUERIES: dict[str, tuple[Query, str]] = {
    "tasks": (lambda found: found.suggest_tasks("invoice", 10), "ix_occupation_tasks_statement_trgm"),
    "skills": (lambda found: found.suggest_skills("payroll", 10), "ix_occupation_skills_name_trgm"),
    "titles": (lambda found: found.list_page(OccupationQuery(q="payroll")), "ix_occupation_titles_title_trgm"),
}


@pytest.fixture(scope="module", name="work")
async def work(platform: Platform) -> AsyncIterator[Context]:
    context = platform.context(company_id=new_id())
    for statement in _FILL:
        await context.session.execute(text(statement))
    yield context
    await context.finish(asyncio.CancelledError())  # rolled back


@contextmanager
def recorded(platform: Platform) -> Iterator[list[tuple[str, Sequence[Any]]]]:
    sent: list[tuple[str, Sequence[Any]]] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Sequence[Any], *_rest: Any) -> None:
        sent.append((statement, parameters))

    event.listen(platform.db.engine.sync_engine, "before_cursor_execute", record)
    try:
        yield sent
    finally:
        event.remove(platform.db.engine.sync_engine, "before_cursor_execute", record)


@pytest.mark.parametrize("name", QUERIES)
async def test_the_trigram_index_is_used(platform: Platform, work: Context, name: str) -> None:
    query, index = QUERIES[name]
    with recorded(platform) as sent:
        await query(OccupationRepository(work))
    ((statement, parameters),) = sent
    raw = await (await work.session.connection()).get_raw_connection()
    assert raw.driver_connection is not None
    plan = "\n".join(row[0] for row in await raw.driver_connection.fetch(f"EXPLAIN {statement}", *parameters))
    assert index in plan, plan
