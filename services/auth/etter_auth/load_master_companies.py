"""`python -m etter_auth.load_master_companies FILE.csv`: fill the shared directory from the operator's own list."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from etter_auth.master_companies import service
from etter_auth.settings import AuthSettings
from etter_common.platform import open_platform


async def run(settings: AuthSettings, lines: list[str]) -> int:
    """All of the lines or nothing; how many companies they hold."""
    async with open_platform(settings) as platform, platform.work(system=True) as ctx:
        return await service.load(ctx, lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m etter_auth.load_master_companies", description=__doc__)
    parser.add_argument("file", type=Path, help="UTF-8 CSV with the columns name, industry and, if known, employees")
    arguments = parser.parse_args()
    try:
        lines = arguments.file.read_text(encoding="utf-8-sig").splitlines()
        count = asyncio.run(run(AuthSettings(), lines))
    except (OSError, UnicodeDecodeError, service.InvalidRow) as error:
        raise SystemExit(f"etter-auth: {arguments.file}: {error}") from None
    sys.stdout.write(f"{count} companies\n")


if __name__ == "__main__":
    main()
