"""How the database finds roles under row-level security.

PostgreSQL lets a condition into an index only if it cannot leak rows of other companies (leakproof); `lower(title)` and
LIKE are not. So these queries go through an index by company and look at that company's rows alone, however many
others there are; a trigram index on titles would never be used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_core.roles.repository import RoleRepository
from etter_core.roles.schemas import RoleQuery

OTHERS, ROLES_EACH = 40, 400
_FILL = text(
    "INSERT INTO roles (id, company_id, title, department)"
    " SELECT gen_random_uuid(), :company, 'Role ' || n, 'Department ' || n % 7 FROM generate_series(1, :roles) n"
)

Query = Callable[[RoleRepository], Awaitable[object]]
QUERIES: dict[str, Query] = {
    "find_titled": lambda roles: roles.find_titled("Role 17", "Department 3"),
    "autocomplete": lambda roles: roles.suggest("ole 1", 10),
    "list with q": lambda roles: roles.list_page(RoleQuery(q="ole 1")),
    "list by department": lambda roles: roles.list_page(RoleQuery(department="Department 3")),
    "departments": lambda roles: roles.departments(),
}


@pytest.fixture(scope="module", name="crowded")
async def crowded(platform: Platform) -> UUID:
    """A company among many."""
    company = new_id()
    for company_id in (company, *(new_id() for _ in range(OTHERS))):
        async with platform.db.transaction(company_id) as session:
            await session.execute(_FILL, {"company": company_id, "roles": ROLES_EACH})
    return company


@contextmanager
def recorded(platform: Platform) -> Iterator[list[tuple[str, Sequence[Any]]]]:
    """Statements as this task sends them, with their parameters; what runs beside it has its own."""
    task = asyncio.current_task()
    sent: list[tuple[str, Sequence[Any]]] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Sequence[Any], *_rest: Any) -> None:
        if asyncio.current_task() is task:
            sent.append((statement, parameters))

    event.listen(platform.db.engine.sync_engine, "before_cursor_execute", record)
    try:
        yield sent
    finally:
        event.remove(platform.db.engine.sync_engine, "before_cursor_execute", record)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def explained(ctx: Context, statement: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
    """The nodes of the plan as it was run by the login role, bound by row-level security."""
    raw = await (await ctx.session.connection()).get_raw_connection()
    assert raw.driver_connection is not None
    plan = await raw.driver_connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *parameters)
    return list(nodes(plan[0]["Plan"]))


@pytest.mark.parametrize("name", QUERIES)
async def test_only_the_companys_rows_are_looked_at(platform: Platform, crowded: UUID, name: str) -> None:
    async with platform.work(company_id=crowded) as ctx:
        await ctx.session.connection()  # a list is read within what has begun, where it can be listened to
        with recorded(platform) as sent:
            await QUERIES[name](RoleRepository(ctx))
        ((statement, parameters),) = sent
        plan = await explained(ctx, statement, parameters)
    looked_at = [
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        for node in plan
        if "Scan" in node["Node Type"]
    ]
    assert "Seq Scan" not in {node["Node Type"] for node in plan}, plan
    assert looked_at, plan
    assert max(looked_at) <= ROLES_EACH, plan
