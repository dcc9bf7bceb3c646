"""`python -m etter_auth.erasure COMPANY_ID`: which services have erased a company that was deleted, as JSON.

Exit code 0: all of them; 3: not yet all; 4: no such end in the last 30 days.
"""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

import msgspec

from etter_auth.settings import AuthSettings
from etter_common import logging
from etter_common.events import receipts
from etter_common.events.receipts import Erasure
from etter_common.platform import connect_nats


async def look(settings: AuthSettings, company_id: UUID) -> Erasure:
    client = await connect_nats(settings)
    try:
        return await receipts.of_company(client, company_id)
    finally:
        await client.close()


def main(arguments: list[str]) -> int:
    try:
        [company_id] = [UUID(argument) for argument in arguments]
    except ValueError:
        sys.exit("usage: python -m etter_auth.erasure COMPANY_ID")
    settings = AuthSettings()
    logging.configure(settings.service, settings.log_level, settings.environment, stream=sys.stderr.buffer)
    erasure = asyncio.run(look(settings, company_id))
    told = {**msgspec.to_builtins(erasure), "is_complete": erasure.is_complete}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
    return 0 if erasure.is_complete else 3 if erasure.deleted_at else 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
