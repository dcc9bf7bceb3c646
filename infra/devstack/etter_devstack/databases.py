"""Makes and migrates the four databases; does nothing where nothing is to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from etter_common.db.provision import ServiceDatabase, provision
from etter_devstack.services import SERVICES
from etter_devstack.state import Home


def targets(home: Home) -> dict[str, ServiceDatabase]:
    """The databases of this folder's stack, with their kept passwords."""
    return {
        name: ServiceDatabase(
            database=f"etter_{name}",
            role=f"etter_{name}",
            password=home.secret(f"db-{name}"),
            owner_password=home.secret(f"db-{name}-owner"),
        )
        for name in SERVICES
    }


def prepare(root: Path, admin_dsn: str, databases: Mapping[str, ServiceDatabase]) -> list[str]:
    """Bring every database to its newest revision; returns the names of those that changed."""
    configs = {name: _config(root, name, target.migration_url(admin_dsn)) for name, target in databases.items()}
    heads = {name: ScriptDirectory.from_config(config).get_current_head() for name, config in configs.items()}
    present = asyncio.run(_revisions(admin_dsn, databases))
    behind = [name for name in databases if present[name] is None or present[name] != heads[name]]
    asyncio.run(_provision(admin_dsn, [databases[name] for name in behind]))
    for name in behind:
        command.upgrade(configs[name], "head")
    return behind


def _config(root: Path, name: str, url: str) -> Config:
    folder = root / "services" / name
    config = Config(str(folder / "alembic.ini"))
    config.set_main_option("script_location", str(folder / "migrations").replace("%", "%%"))
    config.attributes["url"] = url
    return config


async def _provision(admin_dsn: str, databases: list[ServiceDatabase]) -> None:
    for target in databases:
        await provision(admin_dsn, target)


async def _revisions(admin_dsn: str, databases: Mapping[str, ServiceDatabase]) -> dict[str, str | None]:
    found = await asyncio.gather(*(_revision(admin_dsn, target) for target in databases.values()))
    return dict(zip(databases, found, strict=True))


async def _revision(admin_dsn: str, target: ServiceDatabase) -> str | None:
    try:
        connection = await asyncpg.connect(admin_dsn, database=target.database)
    except asyncpg.InvalidCatalogNameError:
        return None
    try:
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return revision
