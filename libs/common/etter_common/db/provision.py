"""Roles and database of one service, made by an administrator.

An owner role migrates; the login role, which the service uses, owns nothing.

`python -m etter_common.db.provision SERVICE…` makes what is missing for services on the server at POSTGRES_ADMIN_URL
(a superuser's `postgresql://…`); names and passwords are those of each one's DATABASE_URL and MIGRATION_URL. With
POSTGRES_BACKUP_PASSWORD also the role that backups are taken by, which reads everything and writes nothing.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg
from pydantic_settings import SettingsConfigDict

from etter_common.settings import FileOrEnvironment

EXTENSIONS = ("pg_trgm",)
BACKUP_ROLE = "etter_backup"


@dataclass(frozen=True)
class ServiceDatabase:
    """Names and passwords of one service's database. Roles are shared by databases of the same service."""

    database: str
    role: str
    password: str
    owner_password: str

    @classmethod
    def of(cls, database_url: str, migration_url: str) -> Self:
        """As a service's settings name it; raises `ValueError` when the two do not belong together."""
        login, owner = urlsplit(database_url), urlsplit(migration_url)
        found = cls(
            database=login.path.removeprefix("/"),
            role=unquote(login.username or ""),
            password=unquote(login.password or ""),
            owner_password=unquote(owner.password or ""),
        )
        if (owner.path, unquote(owner.username or "")) != (login.path, found.owner):
            raise ValueError(f"MIGRATION_URL has to name {found.owner} and the database {found.database}")
        return found

    @property
    def owner(self) -> str:
        return f"{self.role}_owner"

    def url(self, admin_dsn: str) -> str:
        """SQLAlchemy URL of the login role on the administrator's server."""
        return self._as(admin_dsn, self.role, self.password)

    def migration_url(self, admin_dsn: str) -> str:
        return self._as(admin_dsn, self.owner, self.owner_password)

    def _as(self, admin_dsn: str, user: str, password: str) -> str:
        parts = urlsplit(admin_dsn)
        place = parts.netloc.rpartition("@")[2]
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
        return urlunsplit(("postgresql+asyncpg", netloc, f"/{self.database}", parts.query, ""))


async def provision(admin_dsn: str, target: ServiceDatabase) -> None:
    """Create what is missing; running it again changes nothing but the passwords. `admin_dsn`: a superuser's."""
    admin = await asyncpg.connect(admin_dsn)
    try:
        await _ensure_role(admin, target.owner, target.owner_password)
        await _ensure_role(admin, target.role, target.password)
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", target.database):
            await admin.execute(f'CREATE DATABASE "{target.database}" OWNER "{target.owner}"')
    finally:
        await admin.close()
    inside = await asyncpg.connect(admin_dsn, database=target.database)
    try:
        await inside.execute(_grants(target))
    finally:
        await inside.close()


async def provision_backup(admin_dsn: str, password: str, databases: list[str]) -> None:
    """The role of docs/operations/backup.md. Nobody connects to a service's database unless it is said."""
    admin = await asyncpg.connect(admin_dsn)
    try:
        await _ensure_role(admin, BACKUP_ROLE, password, more="REPLICATION BYPASSRLS")
        await admin.execute(f"GRANT pg_read_all_data TO {BACKUP_ROLE}")
        for database in databases:
            await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {BACKUP_ROLE}')
    finally:
        await admin.close()


async def _ensure_role(admin: asyncpg.Connection, role: str, password: str, *, more: str = "NOBYPASSRLS") -> None:
    verb = "ALTER" if await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role) else "CREATE"
    literal = "'" + password.replace("'", "''") + "'"
    options = f"LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE {more}"
    await admin.execute(f'{verb} ROLE "{role}" {options} PASSWORD {literal}')


def _grants(target: ServiceDatabase) -> str:
    extensions = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS)
    return f"""
        {extensions}
        REVOKE ALL ON DATABASE "{target.database}" FROM PUBLIC;
        GRANT CONNECT ON DATABASE "{target.database}" TO "{target.role}";
        ALTER SCHEMA public OWNER TO "{target.owner}";
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO "{target.role}";
        ALTER DEFAULT PRIVILEGES FOR ROLE "{target.owner}" IN SCHEMA public
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{target.role}";
        ALTER DEFAULT PRIVILEGES FOR ROLE "{target.owner}" IN SCHEMA public
            GRANT USAGE, SELECT ON SEQUENCES TO "{target.role}";
    """


class Administrator(FileOrEnvironment):
    model_config = SettingsConfigDict(env_prefix="POSTGRES_")

    admin_url: str
    backup_password: str | None = None


class ServiceUrls(FileOrEnvironment):
    """Of one service, by `_env_prefix`."""

    database_url: str
    migration_url: str


async def main(services: list[str]) -> None:
    admin = Administrator()
    databases = []
    for service in services:
        urls = ServiceUrls(_env_prefix=f"{service.upper()}_")
        target = ServiceDatabase.of(urls.database_url, urls.migration_url)
        await provision(admin.admin_url, target)
        databases.append(target.database)
    if admin.backup_password:
        await provision_backup(admin.admin_url, admin.backup_password, databases)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
