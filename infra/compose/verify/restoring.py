"""Loss of everything but the backups, and the way back: docs/operations/restore.md, step by step."""

from __future__ import annotations

import time

from verify.stack import Stack
from verify.transcript import Transcript, expect

URL = "postgresql://etter_backup@postgres/postgres"
DATA = "/var/lib/postgresql/18/docker"


def back_up(stack: Stack) -> str:
    return stack.operations(
        "backup.py", "run", "--postgres", URL, "--nats", stack.secret("nats_url"), "--objects", "s3://etter-documents",
        "--to", "/backups",
    )  # fmt: skip


def await_log(stack: Stack, *, timeout_s: float = 60) -> None:
    """What was written last has to be in the copy of the log, or the loss of the machine would take it along."""
    written = stack.sql("SELECT pg_current_wal_flush_lsn()")
    deadline = time.monotonic() + timeout_s
    follower = "pg_stat_replication WHERE application_name = 'pg_receivewal'"
    asked = f"SELECT count(*) FROM {follower} AND flush_lsn >= '{written}'"
    while stack.sql(asked) != "1":
        expect(time.monotonic() < deadline, "the copy of the log does not arrive")
        time.sleep(0.2)


def restore(stack: Stack, transcript: Transcript) -> None:
    stack.compose("run", "--rm", "--no-deps", "-T", "volumes")
    transcript.say(stack.operations("restore.py", "postgres", "--from", "/backups", "--data", DATA))
    stack.up("postgres", "valkey", "nats", "objects")
    _await_recovery(stack)
    transcript.say(
        stack.operations(
            "restore.py", "nats", "--from", "/backups", "--nats", stack.secret("nats_url"), "--postgres", URL
        )
    )
    transcript.say(stack.operations("restore.py", "objects", "--from", "/backups", "--objects", "s3://etter-documents"))
    stack.up()


def _await_recovery(stack: Stack, *, timeout_s: float = 300) -> None:
    deadline = time.monotonic() + timeout_s
    while stack.sql("SELECT pg_is_in_recovery()") != "f":
        expect(time.monotonic() < deadline, "PostgreSQL is still recovering")
        time.sleep(0.5)
