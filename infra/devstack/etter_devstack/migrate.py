"""`python -m etter_devstack.migrate < work.json`: make and migrate databases, one after another."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from etter_common.db.provision import ServiceDatabase, provision


def main() -> None:
    work = json.load(sys.stdin)
    root, admin_dsn = Path(work["root"]), work["admin_dsn"]
    for name, given in work["databases"].items():
        target = ServiceDatabase(**given)
        asyncio.run(provision(admin_dsn, target))
        command.upgrade(config(root, name, target.migration_url(admin_dsn)), "head")


def config(root: Path, service: str, url: str) -> Config:
    folder = root / "services" / service
    config = Config(str(folder / "alembic.ini"))
    config.set_main_option("script_location", str(folder / "migrations").replace("%", "%%"))
    config.attributes["url"] = url
    return config


if __name__ == "__main__":
    main()
