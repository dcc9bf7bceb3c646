"""PostgreSQL is backed up while it works and comes back as it was at one moment."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from etter_common.testing.backbone import until
from etter_common.testing.plugin import Servers
from etter_devstack.servers.postgres import Postgres
from etter_devstack.servers.process import Process

from .conftest import Restore, run

TABLE = """
    CREATE TABLE words (n bigint GENERATED ALWAYS AS IDENTITY, word text);
    ALTER TABLE words ENABLE ROW LEVEL SECURITY;
    ALTER TABLE words FORCE ROW LEVEL SECURITY;
"""


@pytest.fixture
async def database(server: Postgres, request: pytest.FixtureRequest) -> str:
    name = f"etter_{abs(hash(request.node.name))}"
    await execute(server, "postgres", f"CREATE DATABASE {name}")
    await execute(server, "postgres", f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")  # as ours are
    await execute(server, "postgres", f"GRANT CONNECT ON DATABASE {name} TO etter_backup")
    await execute(server, name, TABLE)
    await add(server, name, "before")
    return name


async def execute(server: Postgres, database: str, sql: str, *values: str) -> str:
    connection = await asyncpg.connect(server.dsn, database=database)
    try:
        if sql.startswith("SELECT"):
            return str(await connection.fetchval(sql, *values))
        await connection.execute(sql, *values)
        return ""
    finally:
        await connection.close()


async def add(server: Postgres, database: str, word: str) -> None:
    await execute(server, database, "INSERT INTO words (word) VALUES ($1)", word)


async def words(server: Postgres, database: str) -> str:
    return await execute(server, database, "SELECT string_agg(word, ', ' ORDER BY n) FROM words")


async def recovered(server: Postgres) -> None:
    """Before the end of its recovery a server answers, too, as a standby would."""

    async def check() -> bool:
        return await execute(server, "postgres", "SELECT pg_is_in_recovery()") == "False"

    await until(check)


async def all_is_in_the_log(server: Postgres) -> None:
    where = await execute(server, "postgres", "SELECT pg_current_wal_flush_lsn()::text")

    async def check() -> bool:
        query = "SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= $1::text::pg_lsn"
        return await execute(server, "postgres", query, where) != "0"

    await until(check)


async def test_a_moment_between_two_commits_and_the_end_of_the_log_are_restored(
    server: Postgres, database: str, place: list[str], log: Process, restored: Restore
) -> None:
    run("backup", "run", *place, "--form", "base")
    await add(server, database, "after the backup")
    moment = await execute(server, database, "SELECT clock_timestamp()")
    await execute(server, database, "UPDATE words SET word = 'spoilt'")
    await execute(server, database, "SELECT pg_switch_wal()")  # so that there is a whole segment, and one begun
    await add(server, database, "last")
    await all_is_in_the_log(server)
    log.stop()

    with restored("moment", "--time", moment) as then:
        await recovered(then)
        assert await words(then, database) == "before, after the backup"
        await add(then, database, "life goes on")
    with restored("end") as end:
        await recovered(end)
        assert await words(end, database) == "spoilt, spoilt, last"


async def test_a_dump_goes_into_an_empty_database_and_no_other(
    server: Postgres, database: str, place: list[str], folder: Path
) -> None:
    run("backup", "run", *place, "--form", "dump", "--database", database)
    source = ("--from", folder / "backups", "--postgres", server.dsn, *place[2:4])
    assert f"{database} has tables already" in run("restore", "dumps", *source, fails=True)
    await execute(server, "postgres", f"DROP DATABASE {database}")
    await execute(server, "postgres", f"CREATE DATABASE {database}")
    run("restore", "dumps", *source)
    assert await words(server, database) == "before"


async def test_a_server_without_a_log_to_follow_says_so(servers: Servers, place: list[str]) -> None:
    place[1] = servers.postgres_dsn  # the embedded one keeps no more than it needs itself
    assert "take --form dump" in run("backup", "run", *place, "--form", "base", fails=True)


async def test_a_spoilt_backup_is_found_and_not_restored(server: Postgres, place: list[str], folder: Path) -> None:
    backups, data = folder / "backups", folder / "restored"
    run("backup", "run", *place, "--form", "base")
    assert "files as they were written" in run("backup", "check", "--at", backups)
    (copy,) = backups.glob("*/base/base.tar.gz")
    with copy.open("r+b") as content:
        content.seek(copy.stat().st_size // 2)
        content.write(b"spoilt")
    complaint = "base.tar.gz is not what was backed up"
    assert complaint in run("backup", "check", "--at", backups, fails=True)
    assert complaint in run("restore", "postgres", "--from", backups, "--data", data, fails=True)
    assert not data.exists()
