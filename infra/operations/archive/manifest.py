"""One backup's manifest: what it is and what each of its files must be. A backup without one was never finished."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NAME = "manifest.json"
FORMAT = 1
PARTS = ("postgres", "dumps", "streams")
_STREAMS_LIVE = timedelta(days=1)
_CHUNK = 1024 * 1024
_DRAFT = ".draft"


class BackupError(Exception):
    """Something is not as it must be; the text says what, for a person."""


class Backup:
    """One finished backup."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.told: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BackupError(f"{folder} is not a finished backup: {error}") from error
        if self.told.get("format") != FORMAT:
            raise BackupError(f"{folder} has format {self.told.get('format')}, this is for {FORMAT}")

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def finished_at(self) -> datetime:
        """By the database's clock, where there is one in it: no earlier moment can be restored from it."""
        return datetime.fromisoformat(self.told["finished_at"])

    def check(self) -> int:
        """Compare every file with the manifest; their number. Raises `BackupError` for the first that differs."""
        files: dict[str, dict[str, Any]] = self.told["files"]
        for path, wanted in files.items():
            file = self.folder / path
            if not file.is_file():
                raise BackupError(f"{file} is missing")
            if file.stat().st_size != wanted["size"] or digest(file) != wanted["sha256"]:
                raise BackupError(f"{file} is not what was backed up")
        return len(files)


@contextmanager
def new_backup(to: Path, parts: dict[str, Any]) -> Iterator[Path]:
    """A draft folder that becomes a backup at the end of the block, when `parts` is what its manifest tells."""
    to.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}"
    draft = to / f"{name}{_DRAFT}"
    draft.mkdir(mode=0o700)
    try:
        yield draft
        files = {str(file.relative_to(draft)): _described(file) for file in sorted(draft.rglob("*")) if file.is_file()}
        finished = parts.get("postgres", {}).get("finished_at") or datetime.now(UTC).isoformat()
        told = {"format": FORMAT, "finished_at": finished, **parts, "files": files}
        write_json(draft / NAME, told)
        draft.rename(to / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def backups(folder: Path) -> list[Backup]:
    """The finished ones, oldest first."""
    return [Backup(path.parent) for path in sorted(folder.glob(f"*/{NAME}")) if path.parent.suffix != _DRAFT]


def chosen(folder: Path, *, name: str | None, time: datetime | None, part: str) -> Backup:
    """The named backup, or the newest with `part` that was finished by `time`."""
    fitting = [backup for backup in backups(folder) if part in backup.told and name in (None, backup.name)]
    if time is not None:
        fitting = [backup for backup in fitting if backup.finished_at <= time]
    if not fitting:
        until = f" finished by {time.isoformat()}" if time else ""
        raise BackupError(f"{folder} has no backup{f' {name}' if name else ''} with {part}{until}")
    return fitting[-1]


def prune(folder: Path, *, keep: timedelta) -> list[str]:
    """Remove backups older than `keep`, but never the newest of a part; their names.

    Of streams alone those of a day are enough: the newest has all that the older have.
    """
    found = backups(folder)
    newest = {part: backup.name for backup in found for part in PARTS if part in backup.told}
    now = datetime.now(UTC)
    old = []
    for backup in found:
        only_streams = not backup.told.keys() & {"postgres", "dumps"}
        lives = min(keep, _STREAMS_LIVE) if only_streams else keep
        if backup.name not in newest.values() and backup.finished_at < now - lives:
            shutil.rmtree(backup.folder)
            old.append(backup.name)
    return old


def digest(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def write_json(file: Path, value: object) -> None:
    """Written beside and moved into place, so that it is never half there."""
    draft = file.with_name(f"{file.name}{_DRAFT}")
    with draft.open("w", encoding="utf-8") as out:
        json.dump(value, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _described(file: Path) -> dict[str, Any]:
    return {"size": file.stat().st_size, "sha256": digest(file)}
