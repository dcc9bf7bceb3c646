"""`python -m etter_core.replay COMPANY…`: tell these companies' published role profiles again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import UUID

from etter_common import logging
from etter_common.events.snapshot import replay
from etter_common.platform import open_platform
from etter_core.settings import CoreSettings
from etter_core.workflows import service


async def main(companies: Sequence[UUID]) -> None:
    settings = CoreSettings()
    logging.configure(settings.service, settings.log_level, settings.environment, stream=sys.stderr.buffer)
    async with open_platform(settings) as platform:
        await replay(platform, companies, service.present)


if __name__ == "__main__":
    asyncio.run(main([UUID(text) for text in sys.argv[1:]]))
