"""Auth tells its companies and users again, as they are."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from etter_auth import replay
from etter_auth.companies import service as companies
from etter_common.events import snapshot
from etter_common.events.contracts.auth import CompanyChanged, UserChanged
from etter_common.events.outbox import OutboxRow
from etter_common.platform import Platform

from .factories import make_company, make_person


async def told(platform: Platform, company_id: UUID) -> list[tuple[str, UUID]]:
    """What stands in the outbox of this company, in order; nothing publishes it here."""
    async with platform.work(system=True) as ctx:
        rows = await ctx.session.execute(
            select(OutboxRow.subject, OutboxRow.aggregate_id)
            .where(OutboxRow.company_id == company_id)
            .order_by(OutboxRow.seq)
        )
        return [(subject, aggregate) for subject, aggregate in rows.all() if subject and aggregate]


async def test_a_company_and_its_users_are_told_batch_by_batch(
    platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "BATCH", 2)
    await make_company(platform, company_id)
    people = {(await make_person(platform, company_id)).id for _ in range(5)}
    other = await make_company(platform)
    heard = await platform.nats.subscribe(f"etter.auth.*.changed.v1.{company_id}.>")
    await platform.nats.flush()
    assert list(await replay.tell(platform, [company_id])) == [company_id]
    messages = [await heard.next_msg(timeout=60) for _ in range(6)]
    await heard.unsubscribe()
    companies = [m for m in messages if m.headers and m.headers["ce-type"] == CompanyChanged.type]
    users = [UserChanged.model_validate_json(m.data) for m in messages if m not in companies]
    assert len(companies) == 1
    assert {user.user_id for user in users} == people
    assert await told(platform, other) == []


async def test_without_names_it_is_all_companies(platform: Platform, company: UUID) -> None:
    async with platform.work(system=True) as ctx:
        assert company in await companies.ids(ctx)
