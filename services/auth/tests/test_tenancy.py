"""The second lock: what raw SQL as the login role sees of another company; and that it does not cost the indexes."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from etter_auth.models import Company, User
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from .api_keys.test_router import make
from .factories import Person, make_company, sign_in

OWNED = ("users", "sessions", "passwords", "api_keys", "audit_events")


async def test_another_companys_rows_are_not_there(
    platform: Platform, visitor: CheckedClient, person: Person, admin: CheckedClient
) -> None:
    await sign_in(visitor, person)
    await make(admin)
    for company, expected in ((person.company_id, True), (await make_company(platform), False)):
        async with platform.db.transaction(company) as session:
            for table in OWNED:
                mine = text(f"SELECT count(*) FROM {table} WHERE company_id = :id")  # noqa: S608 - our own names
                assert bool(await session.scalar(mine, {"id": person.company_id})) is expected, table
            named = text("SELECT count(*) FROM companies WHERE id = :id")
            assert bool(await session.scalar(named, {"id": person.company_id})) is expected


async def test_another_companys_rows_cannot_be_written(platform: Platform, person: Person) -> None:
    stranger = await make_company(platform)
    async with platform.db.transaction(stranger) as session:
        for statement in ("UPDATE users SET name = 'x' WHERE id = :id", "DELETE FROM users WHERE id = :id"):
            assert (await session.execute(text(statement + " RETURNING id"), {"id": person.id})).all() == []
    company = Company(id=new_id(), name=f"Not mine {new_id()}", currency="USD")
    name = f"planted-{new_id()}"
    planted = User(email=f"{name}@b.example", username=name, name="x", roles=["company_admin"], is_active=True)
    planted.company_id = person.company_id
    for row in (company, planted):
        with pytest.raises(DBAPIError, match="row-level security"):
            await _store(platform, stranger, row)


async def _store(platform: Platform, company_id: UUID, row: Company | User) -> None:
    async with platform.db.transaction(company_id) as session:
        session.add(row)
        await session.flush()


PLANS = {
    "SELECT id FROM users WHERE email = 'a@b.example'": "ix_users_email",
    "SELECT id FROM users WHERE company_id = '{c}' ORDER BY name, id LIMIT 51": "ix_users_company_id_name_id",
    "SELECT id FROM users WHERE company_id = '{c}' AND email = 'a@b.example'": "uq_users_company_id_email",
    "SELECT id FROM users WHERE company_id = '{c}' AND username = 'a'": "uq_users_company_id_username",
    "SELECT id FROM sessions WHERE company_id = '{c}' AND user_id = '{c}' ORDER BY created_at DESC, id DESC LIMIT 51": (
        "ix_sessions_company_id_user_id_created_at_id"
    ),
    "SELECT id FROM api_keys WHERE company_id = '{c}' ORDER BY created_at DESC, id DESC LIMIT 51": (
        "ix_api_keys_company_id_created_at_id"
    ),
    "SELECT id FROM api_keys WHERE company_id = '{c}' ORDER BY name, id LIMIT 51": "ix_api_keys_company_id_name_id",
    "SELECT id FROM audit_events WHERE company_id = '{c}' ORDER BY created_at DESC, id DESC LIMIT 51": (
        "ix_audit_events_company_id_created_at_id"
    ),
    "SELECT id FROM audit_events WHERE company_id = '{c}' AND actor_id = '{c}' ORDER BY created_at, id LIMIT 51": (
        "ix_audit_events_company_id_actor_id_created_at_id"
    ),
    "SELECT id FROM master_companies WHERE lower(name) LIKE '%dairy%'": "ix_master_companies_name_trgm",
}


# without rows two indexes cost the same, and which one is taken is chance
HISTORY = text(
    "INSERT INTO audit_events (id, created_at, action, outcome, actor_id, details, request_id)"
    " SELECT gen_random_uuid(), now(), 'a', 'ok', gen_random_uuid(), '{}', 'r' FROM generate_series(1, 3000)"
)


@pytest.mark.parametrize(("query", "index"), PLANS.items(), ids=PLANS.values())
async def test_indexes_serve_under_row_level_security(platform: Platform, query: str, index: str) -> None:
    """With sequential scans off the planner takes the index if it may; row-level security forbids some."""
    async with platform.db.transaction(new_id(), system=True) as session:
        await session.execute(HISTORY)
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_sort = off"))
        await session.execute(text("SET LOCAL enable_incremental_sort = off"))
        plan = "\n".join((await session.scalars(text("EXPLAIN " + query.format(c=new_id())))).all())
        await session.rollback()
    assert index in plan, plan
