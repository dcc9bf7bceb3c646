"""The four databases: which are behind the code's migrations, and bringing those up to date."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg

from etter_common.db.provision import ServiceDatabase
from etter_devstack.servers.process import StartError
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


async def behind(root: Path, databases: Mapping[str, ServiceDatabase], admin_dsn: str) -> list[str]:
    """The services whose database is missing or not at the newest revision."""
    present = await asyncio.gather(*(_revision(admin_dsn, target.database) for target in databases.values()))
    return [name for name, revision in zip(databases, present, strict=True) if revision != head(root, name)]


def migrate(root: Path, names: list[str], databases: Mapping[str, ServiceDatabase], admin_dsn: str) -> None:
    """Make and migrate these, in a process of its own: Alembic is loaded only when there is something to do."""
    work = {"root": str(root), "admin_dsn": admin_dsn, "databases": {name: vars(databases[name]) for name in names}}
    done = subprocess.run(
        [sys.executable, "-m", "etter_devstack.migrate"],
        input=json.dumps(work), text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise StartError(f"migrating {', '.join(names)} failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")


def head(root: Path, service: str) -> str:
    """The newest revision in the code, read from the files' assignments without loading Alembic."""
    versions = root / "services" / service / "migrations" / "versions"
    revisions, followed = set(), set()
    for file in sorted(versions.glob("*.py")):
        values = dict(_assignments(ast.parse(file.read_text(encoding="utf-8"))))
        revisions.add(values.get("revision"))
        before = values.get("down_revision")
        followed |= set(before) if isinstance(before, tuple) else {before}
    heads = sorted(str(revision) for revision in revisions - followed)
    if len(heads) != 1:
        raise StartError(f"{versions} has {len(heads)} newest revisions ({', '.join(heads)}); there must be one")
    return heads[0]


def _assignments(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and target.id in ("revision", "down_revision") and value is not None:
                yield target.id, ast.literal_eval(value)


async def _revision(admin_dsn: str, database: str) -> str | None:
    try:
        connection = await asyncpg.connect(admin_dsn, database=database)
    except asyncpg.InvalidCatalogNameError:
        return None
    try:
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return revision
