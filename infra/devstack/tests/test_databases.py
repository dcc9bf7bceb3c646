"""Which databases are behind the code, and bringing them up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from etter_common.db.provision import ServiceDatabase
from etter_common.testing.plugin import Servers
from etter_devstack import databases
from etter_devstack.migrate import config
from etter_devstack.servers.process import StartError
from etter_devstack.services import SERVICES

from .conftest import ROOT
from .processes import ask


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "services" / "core" / "migrations" / "versions"
    folder.mkdir(parents=True)
    return folder


def write(versions: Path, revision: str, down: str) -> None:
    (versions / f"{revision}.py").write_text(
        f'revision: str = "{revision}"\ndown_revision = {down}\n', encoding="utf-8"
    )


class TestHead:
    def test_the_one_that_nothing_follows(self, tmp_path: Path, versions: Path) -> None:
        write(versions, "aa", "None")
        write(versions, "bb", '"aa"')
        assert databases.head(tmp_path, "core") == "bb"

    def test_a_merge_follows_both(self, tmp_path: Path, versions: Path) -> None:
        write(versions, "aa", "None")
        write(versions, "bb", '"aa"')
        write(versions, "cc", '"aa"')
        write(versions, "dd", '("bb", "cc")')
        assert databases.head(tmp_path, "core") == "dd"

    def test_two_heads_are_told(self, tmp_path: Path, versions: Path) -> None:
        write(versions, "aa", "None")
        write(versions, "bb", "None")
        with pytest.raises(StartError, match=r"2 newest revisions \(aa, bb\)"):
            databases.head(tmp_path, "core")

    @pytest.mark.parametrize("service", SERVICES)
    def test_is_what_alembic_says(self, service: str) -> None:

        script = ScriptDirectory.from_config(config(ROOT, service, ""))
        assert databases.head(ROOT, service) == script.get_current_head()


@pytest.fixture
def target(worker: str, servers: Servers) -> Iterator[ServiceDatabase]:
    """Auth's, under names of our own, as the server is the whole run's."""
    name = f"d_{worker}_auth"
    yield ServiceDatabase(name, name, password="first", owner_password="second")
    ask(servers.postgres_dsn, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class TestMigrate:
    def test_made_once_and_then_left_alone(self, servers: Servers, target: ServiceDatabase) -> None:
        wanted = {"auth": target}
        assert asyncio.run(databases.behind(ROOT, wanted, servers.postgres_dsn)) == ["auth"]
        databases.migrate(ROOT, ["auth"], wanted, servers.postgres_dsn)
        assert asyncio.run(databases.behind(ROOT, wanted, servers.postgres_dsn)) == []
        owner = target.migration_url(servers.postgres_dsn).replace("+asyncpg", "")
        assert ask(owner, "SELECT version_num FROM alembic_version") == databases.head(ROOT, "auth")

    def test_a_failure_is_told(self, tmp_path: Path, servers: Servers, target: ServiceDatabase) -> None:
        with pytest.raises(StartError, match="migrating auth failed"):
            databases.migrate(tmp_path, ["auth"], {"auth": target}, servers.postgres_dsn)
