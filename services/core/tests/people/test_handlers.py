"""Names and currencies as auth announces them, in whatever order the messages come."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest
from sqlalchemy import select

from etter_common.context import Context
from etter_common.events.contracts.auth import CompanyChanged, CompanyCreated, UserChanged, UserCreated
from etter_common.events.envelope import Event, EventPayload
from etter_common.ids import new_id
from etter_core.people import handlers
from etter_core.people.models import Company, Person


def event(ctx: Context, payload: EventPayload, aggregate: UUID) -> Event:
    return Event.of(payload, company_id=ctx.company_id, aggregate_id=aggregate)


async def name_of(ctx: Context, user: UUID) -> tuple[str, int]:
    row = (await ctx.session.execute(select(Person.name, Person.version).where(Person.user_id == user))).one()
    return row[0], row[1]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
async def test_the_newest_version_of_a_person_wins_in_any_order(ctx: Context, order: tuple[int, ...]) -> None:
    user = new_id()
    told: list[EventPayload] = [
        UserCreated(user_id=user, name="Ada", version=1),
        UserChanged(user_id=user, name="Ada L.", version=2),
        UserChanged(user_id=user, name="Ada Lovelace", version=3),
    ]
    for number in order:
        await handlers.user_known(ctx, event(ctx, told[number], user))
    assert await name_of(ctx, user) == ("Ada Lovelace", 3)


async def test_a_message_twice_changes_nothing(ctx: Context) -> None:
    user = new_id()
    for name in ("Ada", "Ada of the second delivery"):
        await handlers.user_known(ctx, event(ctx, UserCreated(user_id=user, name=name, version=1), user))
    assert await name_of(ctx, user) == ("Ada", 1)


async def test_a_companys_name_and_currency_are_kept(ctx: Context) -> None:
    company = ctx.company_id
    for payload in (
        CompanyCreated(company_id=company, name="Brightwater", currency="USD"),
        CompanyChanged(company_id=company, name="Brightwater Foods", currency="EUR"),
    ):
        await handlers.company_known(ctx, event(ctx, payload, company))
    row = (await ctx.session.execute(select(Company.name, Company.currency))).one()
    assert tuple(row) == ("Brightwater Foods", "EUR")
