"""Restore what backup.py has written, to one moment: `python restore.py --help` (docs/operations/restore.md)."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

from archive import manifest, objects, postgres
from archive.command import client, moment, run, say, store, takes_nats, takes_postgres
from archive.manifest import BackupError


def show(asked: argparse.Namespace) -> None:
    for backup in manifest.backups(asked.source):
        parts = [part for part in manifest.PARTS if part in backup.told]
        say(f"{backup.name}  whole at {backup.told['finished_at']}  {', '.join(parts)}")


def restore_postgres(asked: argparse.Namespace) -> None:
    backup = manifest.chosen(asked.source, name=asked.name, time=asked.time, part="postgres")
    segments = postgres.restore_base(
        backup, asked.source / "wal", asked.data, time=asked.time, timeline=asked.timeline, owner=asked.owner
    )
    reached = f"{segments[0]} to {segments[-1]}" if segments else "none but its own"
    say(f"{asked.data}: from {backup.name}, log {reached}")
    version = backup.told["postgres"]["version"]
    say(f"Start PostgreSQL {version} on it: it goes on to {asked.time or 'the end of the log'}")


def restore_dumps(asked: argparse.Namespace) -> None:
    backup = manifest.chosen(asked.source, name=asked.name, time=None, part="dumps")
    names = postgres.restore_dumps(client(asked), backup, asked.database)
    say(f"restored from {backup.name}: {', '.join(names)}")


def restore_streams(asked: argparse.Namespace) -> None:
    time = asked.time or (postgres.recovered_to(client(asked)) if asked.postgres else None)
    if time is None:
        raise BackupError("say what moment the databases are of: --time, or --postgres right after their recovery")
    backup = manifest.chosen(asked.source, name=asked.name, time=None, part="streams") if asked.source else None
    asyncio.run(_streams(asked, backup, time))


async def _streams(asked: argparse.Namespace, backup: manifest.Backup | None, time: datetime) -> None:
    from archive import streams  # needs nats-py, the rest does not

    async with streams.connected(asked.nats, asked.nats_credentials) as connection:
        if backup is not None:
            for name, told in (await streams.restore(connection, backup)).items():
                say(f"{name}: {told}")
        cut = await streams.rewind(connection, time)
    say(f"brought to {time.isoformat()}: {cut.by_type.total()} later messages taken out; readers begin anew")
    say("now make streams and consumers again: python -m etter_common.events.provision")
    for kind, count in cut.by_type.most_common():
        say(f"  {count:6} {kind}")
    for ending in cut.endings:
        say(f"  undone by this restore, do it again: {ending}")


def restore_objects(asked: argparse.Namespace) -> None:
    count = objects.restore(store(asked.objects), asked.source, time=asked.time)
    say(f"{asked.objects}: {count} documents brought back")


def empty_cache(asked: argparse.Namespace) -> None:
    from redis import Redis  # needs redis, the rest does not

    password = os.environ.get("VALKEY_OPERATOR_PASSWORD")
    user = {"username": "operator", "password": password} if password and "@" not in asked.valkey else {}
    with Redis.from_url(asked.valkey, **user) as valkey:
        valkey.flushall()
    say("Valkey is empty: entries made from later data are gone, limits begin anew")


def _owner(text: str) -> tuple[int, int]:
    user, _, group = text.partition(":")
    return int(user), int(group or user)


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="restore", description=__doc__)
    commands = root.add_subparsers(required=True)

    look = commands.add_parser("list", help="the backups of a folder")
    look.set_defaults(work=show)

    base = commands.add_parser("postgres", help="a data folder that brings itself to a moment")
    base.add_argument("--data", metavar="FOLDER", type=Path, required=True, help="empty, or not there yet")
    base.add_argument("--time", type=moment, help="with its zone; default the end of the log")
    base.add_argument("--timeline", default="latest", help="for a moment that an earlier restore has left behind")
    base.add_argument("--owner", type=_owner, metavar="UID:GID", help="whom the server runs as; default who we are")
    base.set_defaults(work=restore_postgres)

    dumps = commands.add_parser("dumps", help="single databases, into empty ones")
    takes_postgres(dumps, required=True)
    dumps.add_argument("--database", action="append", default=[], help="default all of the backup")
    dumps.set_defaults(work=restore_dumps)

    messages = commands.add_parser("nats", help="streams that are gone, then all of them to the databases' moment")
    takes_nats(messages, required=True)
    takes_postgres(messages)
    messages.add_argument("--time", type=moment, help="the databases'; default what --postgres says it recovered to")
    messages.set_defaults(work=restore_streams)

    documents = commands.add_parser("objects", help="documents that were there and are not")
    documents.add_argument("--objects", metavar="STORE", required=True)
    documents.add_argument("--time", type=moment)
    documents.set_defaults(work=restore_objects)

    for command in (look, base, dumps, messages, documents):
        required = command is not messages
        command.add_argument("--from", dest="source", metavar="FOLDER", type=Path, required=required, help="of backups")
    for command in (base, dumps, messages):
        command.add_argument("--name", help="of one backup; default the newest that fits")

    cache = commands.add_parser("cache", help="empty Valkey")
    cache.add_argument("--valkey", metavar="URL", required=True)
    cache.set_defaults(work=empty_cache)
    return root


if __name__ == "__main__":
    sys.exit(run(parser()))
