"""`python -m etter_auth.replay [COMPANY…]`: tell companies and users again; default all. Prints the companies' ids."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import UUID

from etter_auth.companies import service as companies
from etter_auth.settings import AuthSettings
from etter_auth.users import service as users
from etter_common import logging
from etter_common.events.snapshot import replay
from etter_common.platform import Platform, open_platform


async def tell(platform: Platform, wanted: Sequence[UUID]) -> Sequence[UUID]:
    """The companies told of."""
    if not wanted:
        async with platform.work(system=True) as ctx:
            wanted = await companies.ids(ctx)
    await replay(platform, wanted, companies.present, users.present)
    return wanted


async def main(wanted: Sequence[UUID]) -> None:
    settings = AuthSettings()
    logging.configure(settings.service, settings.log_level, settings.environment, stream=sys.stderr.buffer)
    async with open_platform(settings) as platform:
        for company_id in await tell(platform, wanted):
            sys.stdout.write(f"{company_id}\n")


if __name__ == "__main__":
    asyncio.run(main([UUID(text) for text in sys.argv[1:]]))
