"""Follows auth's users and companies."""

from __future__ import annotations

from etter_common.context import Context
from etter_common.events.contracts.auth import CompanyChanged, CompanyCreated, UserChanged, UserCreated
from etter_common.events.envelope import Event
from etter_core.people.repository import CompanyRepository, PersonRepository


async def user_known(ctx: Context, event: Event) -> None:
    user = event.payload
    assert isinstance(user, UserCreated | UserChanged)  # noqa: S101 - the subscription names the type
    await PersonRepository(ctx).keep(user.user_id, name=user.name, version=user.version)


async def company_known(ctx: Context, event: Event) -> None:
    company = event.payload
    assert isinstance(company, CompanyCreated | CompanyChanged)  # noqa: S101
    await CompanyRepository(ctx).keep(name=company.name, currency=company.currency)
