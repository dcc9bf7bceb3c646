"""What both commands share: how they read their arguments, and how they fail."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archive import objects
from archive.bucket import Bucket
from archive.manifest import BackupError
from archive.postgres import Client


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("say the time zone, too: 2026-11-25T19:40:00+00:00")
    return found


def store(text: str) -> objects.Store:
    """A folder's path, `file:///folder` or `s3://bucket/prefix`."""
    url = urlsplit(text)
    if url.scheme == "s3":
        return Bucket.of(text)
    return objects.Folder(Path(unquote(url.path) if url.scheme == "file" else text))


def takes_postgres(command: argparse.ArgumentParser, *, required: bool = False) -> None:
    command.add_argument("--postgres", metavar="URL", required=required, help="postgresql://user@host:port/postgres")
    command.add_argument("--postgres-binaries", metavar="FOLDER", type=Path, help="where psql and pg_* are; else PATH")


def takes_nats(command: argparse.ArgumentParser, *, required: bool = False) -> None:
    command.add_argument("--nats", metavar="URL", required=required, help="nats://host:4222")
    command.add_argument("--nats-credentials", metavar="FILE", type=Path)


def client(asked: argparse.Namespace) -> Client:
    return Client(asked.postgres, asked.postgres_binaries)


def run(parser: argparse.ArgumentParser, arguments: list[str] | None = None) -> int:
    """Call the chosen command; its failures are one line."""
    asked = parser.parse_args(arguments)
    work: Callable[[argparse.Namespace], None] = asked.work
    try:
        work(asked)
    except BackupError as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1
    return 0
