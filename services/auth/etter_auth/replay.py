"""`python -m etter_auth.replay [COMPANY…]`: tell companies and users again; default all. Prints the companies' ids."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import UUID

from etter_auth.companies import events as company_events
from etter_auth.companies.repository import CompanyRepository
from etter_auth.settings import AuthSettings
from etter_auth.users import events as user_events
from etter_auth.users.repository import UserRepository
from etter_common import logging
from etter_common.context import Context
from etter_common.events.envelope import Event
from etter_common.events.snapshot import replay
from etter_common.platform import Platform, open_platform


async def companies(ctx: Context, after: UUID | None, _limit: int) -> Sequence[tuple[UUID, Event]]:
    """The context's company is one."""
    if after is not None:
        return []
    company = await CompanyRepository(ctx).get(ctx.company_id, for_update=True)
    return [(company.id, company_events.company_changed(company))]


async def users(ctx: Context, after: UUID | None, limit: int) -> Sequence[tuple[UUID, Event]]:
    found = await UserRepository(ctx).after(after, limit)
    return [(user.id, user_events.user_changed(user)) for user in found]


async def tell(platform: Platform, wanted: Sequence[UUID]) -> Sequence[UUID]:
    """The companies told of."""
    if not wanted:
        async with platform.work(system=True) as ctx:
            wanted = await CompanyRepository(ctx).ids()
    await replay(platform, wanted, companies, users)
    return wanted


async def main(wanted: Sequence[UUID]) -> None:
    settings = AuthSettings()
    logging.configure(settings.service, settings.log_level, settings.environment, stream=sys.stderr.buffer)
    async with open_platform(settings) as platform:
        for company_id in await tell(platform, wanted):
            sys.stdout.write(f"{company_id}\n")


if __name__ == "__main__":
    asyncio.run(main([UUID(text) for text in sys.argv[1:]]))
