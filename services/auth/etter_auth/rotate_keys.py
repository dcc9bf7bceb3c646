"""`python -m etter_auth.rotate_keys [--distrust]`: sign with the next key from now on, before its time.

With `--distrust`, after a leak: with a new key, and no token that an earlier one has signed counts any more. Clients
get a 401 once and refresh; nobody signs in again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from etter_auth.jwks import service
from etter_auth.jwks.service import SigningKeys
from etter_auth.settings import AuthSettings
from etter_common import logging
from etter_common.platform import open_platform


async def main(*, distrust: bool) -> None:
    settings = AuthSettings()
    logging.configure(settings.service, settings.log_level, settings.environment, stream=sys.stderr.buffer)
    async with open_platform(settings) as platform:
        await service.refresh(platform, rotate=True, distrust=distrust)
        sys.stdout.write(f"{platform.part(SigningKeys).current.kid}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m etter_auth.rotate_keys", description=__doc__)
    parser.add_argument(
        "--distrust", action="store_true", help="no earlier key, and nothing it signed, counts any more"
    )
    asyncio.run(main(distrust=parser.parse_args().distrust))
