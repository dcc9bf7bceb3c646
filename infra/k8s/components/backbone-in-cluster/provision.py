"""`python provision.py SECRETS`: makes what SECRETS/<service>/{database,migration}-url name, if it is not there yet.

SECRETS/admin-url is the administrator's. Run again it changes nothing but the passwords.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
from etter_common.db.provision import ServiceDatabase, provision

ASK_AGAIN_S = 2.0


def target(folder: Path) -> ServiceDatabase:
    login = urlsplit((folder / "database-url").read_text().strip())
    owner = urlsplit((folder / "migration-url").read_text().strip())
    found = ServiceDatabase(
        database=login.path.removeprefix("/"),
        role=unquote(login.username or ""),
        password=unquote(login.password or ""),
        owner_password=unquote(owner.password or ""),
    )
    if owner.username != found.owner or owner.path != login.path:
        raise SystemExit(f"{folder.name}: the migration's address must be {found.owner}'s, of the same database")
    return found


def main(secrets: Path) -> None:
    admin = (secrets / "admin-url").read_text().strip()
    for address in sorted(secrets.glob("*/database-url")):
        database = target(address.parent)
        while True:
            try:
                asyncio.run(provision(admin, database))
                break
            except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
                print(f"PostgreSQL does not answer: {type(error).__name__}", flush=True)
                time.sleep(ASK_AGAIN_S)
        print(f"{database.database} is there", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
