"""Back up PostgreSQL, JetStream and the documents: `python backup.py run --help` (docs/operations/backup.md)."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive import manifest, objects, postgres
from archive.command import client, run, say, store, takes_nats, takes_postgres
from archive.manifest import BackupError

FORMS = ("base", "dump")


def back_up(asked: argparse.Namespace) -> None:
    """The databases first: what the other parts then hold is newer, and a restore takes that out again."""
    forms = asked.form or FORMS
    if not (asked.postgres or asked.nats or asked.objects):
        raise BackupError("nothing to back up: name --postgres, --nats or --objects")
    parts: dict[str, Any] = {}
    if asked.postgres or asked.nats:
        with manifest.new_backup(asked.to, parts) as folder:
            if asked.postgres and "base" in forms:
                parts["postgres"] = postgres.back_up_base(client(asked), folder)
            if asked.postgres and "dump" in forms:
                parts["dumps"] = postgres.back_up_dumps(client(asked), folder, asked.database)
            if asked.nats:
                parts["streams"] = asyncio.run(_streams(asked, folder))
        say(f"{folder.with_suffix('')}: {', '.join(parts)}")
    if asked.objects:
        _objects(asked)


async def _streams(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from archive import streams  # needs nats-py, the rest does not

    async with streams.connected(asked.nats, asked.nats_credentials) as connection:
        return await streams.back_up(connection, folder)


def _objects(asked: argparse.Namespace) -> None:
    told = objects.back_up(store(asked.objects), asked.to)
    say(f"{asked.to / 'objects'}: {told['objects']} there, {told['new']} of them new; {told['gone']} gone but kept")


def follow(asked: argparse.Namespace) -> None:
    postgres.follow(client(asked), asked.to / "wal", slot=asked.slot)


def check(asked: argparse.Namespace) -> None:
    found = [backup for backup in manifest.backups(asked.at) if asked.name in (None, backup.name)]
    if not found:
        raise BackupError(f"{asked.at} has no such backup")
    for backup in found:
        say(f"{backup.name}: {backup.check()} files as they were written; whole at {backup.told['finished_at']}")


def prune(asked: argparse.Namespace) -> None:
    keep = timedelta(days=asked.keep_days)
    removed = manifest.prune(asked.to, keep=keep)
    segments = postgres.prune_log(manifest.backups(asked.to), asked.to / "wal")
    gone = objects.prune(asked.to, keep=keep)
    say(f"removed {len(removed)} backups, {segments} segments of log, {gone} documents")


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="backup", description=__doc__)
    commands = root.add_subparsers(required=True)

    one = commands.add_parser("run", help="one backup of everything that is named")
    takes_postgres(one)
    takes_nats(one)
    one.add_argument("--objects", metavar="STORE", help="a folder, file:///folder or s3://bucket/prefix")
    one.add_argument("--form", choices=FORMS, action="append", help="of PostgreSQL; default both")
    one.add_argument("--database", action="append", default=[], help="to dump; default those named etter_…")
    one.set_defaults(work=back_up)

    log = commands.add_parser("follow", help="take PostgreSQL's log as it comes, for ever")
    takes_postgres(log, required=True)
    log.add_argument("--slot", default=postgres.SLOT)
    log.set_defaults(work=follow)

    documents = commands.add_parser("objects", help="copy new documents; cheap, to be run often")
    documents.add_argument("--objects", metavar="STORE", required=True)
    documents.set_defaults(work=_objects)

    old = commands.add_parser("prune", help="remove what is older than it must be")
    old.add_argument("--keep-days", type=int, required=True)
    old.set_defaults(work=prune)
    for command in (one, log, documents, old):
        command.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where backups are")

    look = commands.add_parser("check", help="compare backups with their manifests")
    look.add_argument("--at", metavar="FOLDER", type=Path, required=True)
    look.add_argument("--name", help="one of them; default all")
    look.set_defaults(work=check)
    return root


if __name__ == "__main__":
    sys.exit(run(parser()))
