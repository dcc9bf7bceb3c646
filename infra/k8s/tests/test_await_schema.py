"""The init container that waits for the migrations."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from types import ModuleType

import asyncpg
import pytest

from etter_common.testing.plugin import Servers

from .conftest import K8S

KNOWN = {"first", "second"}


@pytest.fixture(scope="module")
def await_schema() -> ModuleType:
    spec = importlib.util.spec_from_file_location("await_schema", K8S / "base" / "await_schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestIsEnough:
    @pytest.mark.parametrize(
        ("present", "expected"),
        [
            (["second"], True),
            (["first"], False),
            ([], False),
            (["third"], True),  # a later release has migrated: this one is being rolled back to
        ],
    )
    def test_by_revision(self, await_schema: ModuleType, present: list[str], expected: bool) -> None:
        assert await_schema.is_enough(present, newest=["second"], known=KNOWN) is expected


class TestWait:
    @pytest.fixture
    async def dsn(self, servers: Servers, worker: str) -> AsyncIterator[str]:
        name = f"await_schema_{worker}"
        admin = await asyncpg.connect(servers.postgres_dsn)
        await admin.execute(f"CREATE DATABASE {name}")
        yield servers.postgres_dsn.rsplit("/", 1)[0] + f"/{name}"
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()

    async def test_until_the_newest_revision_is_there(
        self, await_schema: ModuleType, dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(await_schema, "ASK_AGAIN_S", 0.01)
        waiting = asyncio.create_task(await_schema.wait(dsn, newest=["second"], known=KNOWN))
        connection = await asyncpg.connect(dsn)
        told = ""
        for said, statement in (
            ("no schema yet", "CREATE TABLE alembic_version (version_num text)"),
            ("at no revision", "INSERT INTO alembic_version VALUES ('first')"),
            ("at first", "UPDATE alembic_version SET version_num = 'second'"),
        ):
            while said not in told:
                await asyncio.sleep(0.005)
                told += capsys.readouterr().out
            assert not waiting.done()
            await connection.execute(statement)
        await waiting
        assert "second: enough" in told + capsys.readouterr().out
        await connection.close()
