"""`python await_schema.py SERVICE`, in the service's image: waits until its database has the schema the code needs.

That is this image's newest revision, or one the image does not know: then a later release has migrated, and what it
did only adds as long as this one may still run (expand now, contract a release later). So a rollback never waits.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Collection

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory

ASK_AGAIN_S = 2.0
NOT_YET = (OSError, TimeoutError, asyncpg.PostgresError)


def is_enough(present: Collection[str], *, newest: Collection[str], known: Collection[str]) -> bool:
    """Whether code with these revisions can work on a database at `present`."""
    return bool(set(present) - set(known)) or (bool(newest) and set(newest) <= set(present))


async def revisions(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn, timeout=5, command_timeout=5)
    try:
        return [str(row[0]) for row in await connection.fetch("SELECT version_num FROM alembic_version")]
    finally:
        await connection.close()


async def wait(dsn: str, *, newest: Collection[str], known: Collection[str]) -> None:
    said = ""
    while True:
        try:
            present = await revisions(dsn)
            state = f"the database is at {', '.join(present) or 'no revision'}"
            if is_enough(present, newest=newest, known=known):
                print(f"{state}: enough", flush=True)
                return
        except NOT_YET as error:
            state = f"no schema yet: {type(error).__name__}"
        if state != said:
            print(f"{state}; waiting for {', '.join(newest)}", flush=True)
            said = state
        await asyncio.sleep(ASK_AGAIN_S)


def main(service: str, alembic_ini: str = "/etter/alembic.ini") -> None:
    module = importlib.import_module(f"etter_{service}.settings")
    settings = getattr(module, f"{service.title()}Settings")()
    dsn = settings.database_url.replace("postgresql+asyncpg://", "postgresql://", 1)
    scripts = ScriptDirectory.from_config(Config(alembic_ini))
    known = {script.revision for script in scripts.walk_revisions()}
    asyncio.run(wait(dsn, newest=scripts.get_heads(), known=known))


if __name__ == "__main__":
    main(sys.argv[1])
