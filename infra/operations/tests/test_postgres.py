"""PostgreSQL is backed up while it works and comes back as it was at one moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from etter_devstack.servers import postgres
from etter_devstack.servers.process import Process

from .conftest import Serve, command, run

BACKUP_ROLE = """
    CREATE ROLE etter_backup LOGIN REPLICATION BYPASSRLS PASSWORD 'secret';
    GRANT pg_read_all_data TO etter_backup;
    GRANT EXECUTE ON FUNCTION pg_control_system() TO etter_backup;
"""


async def connect(server: postgres.Postgres, database: str = "postgres") -> asyncpg.Connection:
    return await asyncpg.connect(server.dsn, database=database)


def url_of(server: postgres.Postgres) -> str:
    return f"postgresql://etter_backup:secret@127.0.0.1:{server.port}/postgres"


async def words(server: postgres.Postgres) -> list[str]:
    """After the recovery: before its end a server answers, too, as a standby would."""
    connection = await connect(server, "etter_core")
    try:
        deadline = time.monotonic() + 20
        while await connection.fetchval("SELECT pg_is_in_recovery()"):
            assert time.monotonic() < deadline
        return [row[0] for row in await connection.fetch("SELECT word FROM words ORDER BY n")]
    finally:
        await connection.close()


async def add(connection: asyncpg.Connection, *found: str) -> None:
    await connection.executemany("INSERT INTO words (word) VALUES ($1)", [(word,) for word in found])


async def fill(server: postgres.Postgres) -> asyncpg.Connection:
    admin = await connect(server)
    await admin.execute(BACKUP_ROLE)
    await admin.execute("CREATE DATABASE etter_core")
    await admin.close()
    connection = await connect(server, "etter_core")
    await connection.execute("""
        CREATE TABLE words (n bigint GENERATED ALWAYS AS IDENTITY, word text);
        ALTER TABLE words ENABLE ROW LEVEL SECURITY;
        ALTER TABLE words FORCE ROW LEVEL SECURITY;
    """)
    await add(connection, "before")
    return connection


async def log_is_here(connection: asyncpg.Connection) -> None:
    """Until the follower has written all that was committed."""
    await connection.execute("SELECT pg_switch_wal()")  # so that there is a whole segment, and one begun
    await add(connection, "last")
    where = await connection.fetchval("SELECT pg_current_wal_flush_lsn()::text")
    deadline = time.monotonic() + 20
    while not await connection.fetchval(
        "SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= $1::text::pg_lsn", where
    ):
        assert time.monotonic() < deadline


@pytest.fixture
def follower(folder: Path, cluster: postgres.Cluster) -> Callable[[postgres.Postgres], Process]:
    def start(server: postgres.Postgres) -> Process:
        arguments = ("--postgres", url_of(server), "--postgres-binaries", cluster.binaries, "--to", folder / "backups")
        return Process(command("backup", "follow", *arguments), log=folder / "follow.log")

    return start


@pytest.fixture
def back_up(folder: Path, cluster: postgres.Cluster) -> Callable[..., str]:
    def one(server: postgres.Postgres, form: str, **how: bool) -> str:
        place = ("--postgres", url_of(server), "--postgres-binaries", cluster.binaries, "--to", folder / "backups")
        return run("backup", "run", *place, "--form", form, **how)

    return one


@pytest.fixture
def restore(folder: Path, cluster: postgres.Cluster) -> Callable[..., postgres.Cluster]:
    def one(name: str, *more: str) -> postgres.Cluster:
        who = cluster.identity
        owner = ("--owner", f"{who.uid}:{who.gid}") if who else ()
        restored = postgres.Cluster(folder / name, cluster.binaries, who, cluster.password)
        run("restore", "postgres", "--from", folder / "backups", "--data", restored.data, *owner, *more)
        return restored

    return one


async def test_a_moment_between_two_commits_and_the_end_of_the_log_are_restored(
    cluster: postgres.Cluster, serve: Serve, follower: Callable[[postgres.Postgres], Process],
    back_up: Callable[..., str], restore: Callable[..., postgres.Cluster],
) -> None:  # fmt: skip
    with serve(cluster) as server:
        connection = await fill(server)
        log = follower(server)
        back_up(server, "base")
        await add(connection, "after the backup")
        moment = await connection.fetchval("SELECT clock_timestamp()")
        await connection.execute("UPDATE words SET word = 'spoilt'")
        await log_is_here(connection)
        await connection.close()
        log.stop()

    with serve(restore("moment", "--time", moment.isoformat())) as server:
        assert await words(server) == ["before", "after the backup"]
        connection = await connect(server, "etter_core")
        await add(connection, "life goes on")
        assert await connection.fetchval("SELECT pg_last_xact_replay_timestamp() <= $1", moment)
        await connection.close()
    with serve(restore("end")) as server:
        assert await words(server) == ["spoilt", "spoilt", "last"]


async def test_a_dump_goes_into_an_empty_database_and_no_other(
    folder: Path, cluster: postgres.Cluster, serve: Serve, back_up: Callable[..., str]
) -> None:
    with serve(cluster) as server:
        await (await fill(server)).close()
        back_up(server, "dump")
        place = ("--from", folder / "backups", "--postgres", server.dsn, "--postgres-binaries", cluster.binaries)
        assert "etter_core has tables already" in run("restore", "dumps", *place, fails=True)
        admin = await connect(server)
        await admin.execute("DROP DATABASE etter_core")
        await admin.execute("CREATE DATABASE etter_core")
        await admin.close()
        run("restore", "dumps", *place)
        assert await words(server) == ["before"]


async def test_a_server_without_a_log_to_follow_says_so(
    serve: Serve, cluster: postgres.Cluster, back_up: Callable[..., str]
) -> None:
    with serve(cluster, wal_level="minimal", max_wal_senders="0") as server:
        await (await fill(server)).close()
        assert "--form dump" in back_up(server, "base", fails=True)
        back_up(server, "dump")


async def test_a_spoilt_backup_is_found_and_not_restored(
    folder: Path, serve: Serve, cluster: postgres.Cluster, back_up: Callable[..., str]
) -> None:
    with serve(cluster) as server:
        await (await fill(server)).close()
        back_up(server, "base")
    assert "files as they were written" in run("backup", "check", "--at", folder / "backups")
    (copy,) = (folder / "backups").glob("*/base/base.tar.gz")
    with copy.open("r+b") as content:
        content.seek(copy.stat().st_size // 2)
        content.write(b"spoilt")
    complaint = "base.tar.gz is not what was backed up"
    assert complaint in run("backup", "check", "--at", folder / "backups", fails=True)
    data = folder / "restored"
    assert complaint in run("restore", "postgres", "--from", folder / "backups", "--data", data, fails=True)
    assert not data.exists()
