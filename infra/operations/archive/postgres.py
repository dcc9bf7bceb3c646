"""PostgreSQL: base backups with the log that makes them whole, dumps of single databases, and the way back to a moment.

All by PostgreSQL's own programs, which must be of the server's version or newer.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from archive.manifest import Backup, BackupError

SLOT = "etter_backup"
_RESTORED_LOG = "restored_wal"
_SEGMENT = 24  # length of a segment's name: timeline, log, segment, eight digits each
_OWN_DATABASES = "SELECT datname FROM pg_database WHERE datname LIKE 'etter\\_%' ORDER BY datname"


class Client:
    """PostgreSQL's programs against one server."""

    def __init__(self, url: str, binaries: Path | None = None) -> None:
        parts = urlsplit(url)
        self._netloc = parts.netloc.rpartition("@")[2]
        self._user = parts.username
        self._parts = parts
        self._binaries = binaries
        # not in the URL handed on: every user of the machine can read a command line
        self._env = {**os.environ, **({"PGPASSWORD": unquote(parts.password)} if parts.password else {})}

    def url(self, database: str | None = None) -> str:
        netloc = f"{self._user}@{self._netloc}" if self._user else self._netloc
        path = f"/{database}" if database else self._parts.path
        return urlunsplit(("postgresql", netloc, path, self._parts.query, ""))

    def command(self, program: str, *arguments: str | Path) -> list[str]:
        return [str(self._binaries / program if self._binaries else program), *map(str, arguments)]

    def run(self, program: str, *arguments: str | Path) -> str:
        try:
            done = subprocess.run(
                self.command(program, *arguments), env=self._env, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise BackupError(f"{program} is not here; name its folder by --postgres-binaries") from error
        if done.returncode != 0:
            raise BackupError(f"{program}: {done.stderr.strip()}")
        return done.stdout

    def become(self, program: str, *arguments: str | Path) -> None:
        """Turn this process into the program."""
        command = self.command(program, *arguments)
        os.execvpe(command[0], command, self._env)  # noqa: S606 - the list is ours

    def ask(self, sql: str, *, database: str | None = None) -> list[str]:
        """The lines of a query's answer."""
        arguments = ("-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", sql)
        return self.run("psql", *arguments).splitlines()


def back_up_base(client: Client, folder: Path) -> dict[str, Any]:
    """A copy of the whole cluster, with as much log as makes it consistent, verified."""
    (level,) = client.ask("SHOW wal_level")
    if level == "minimal":
        raise BackupError("the server has wal_level = minimal and gives no base backup; take --form dump")
    base = folder / "base"
    client.run(
        "pg_basebackup", "-d", client.url(), "-D", base, "--format=tar", "--compress=1", "--wal-method=stream",
        "--checkpoint=fast", "--manifest-checksums=SHA256", "--label=etter", "--no-password",
    )  # fmt: skip
    client.run("pg_verifybackup", "--quiet", "--no-parse-wal", base)
    (server,) = client.ask("SELECT system_identifier || ' ' || now() FROM pg_control_system()")
    identifier, _, now = server.partition(" ")
    (version,) = client.ask("SHOW server_version")
    told = json.loads((base / "backup_manifest").read_text(encoding="utf-8"))
    return {
        "version": version,
        "system_identifier": identifier,
        "log": told["WAL-Ranges"],
        "finished_at": datetime.fromisoformat(now).astimezone(UTC).isoformat(),
    }


def back_up_dumps(client: Client, folder: Path, databases: Sequence[str]) -> list[str]:
    """Each database by itself, portable between versions and servers; each consistent, but each of its own moment."""
    names = list(databases) or client.ask(_OWN_DATABASES)
    if not names:
        raise BackupError("the server has no database whose name begins with etter_")
    dumps = folder / "dumps"
    dumps.mkdir()
    for name in names:
        client.run("pg_dump", "-d", client.url(name), "--format=custom", "--no-password", "-f", dumps / f"{name}.dump")
    return names


def follow(client: Client, log: Path, *, slot: str = SLOT) -> None:
    """Write the server's log into `log` as it comes, for ever; the slot keeps what has not come yet."""
    log.mkdir(parents=True, exist_ok=True, mode=0o700)
    common = ("-d", client.url(), "--slot", slot, "--no-password")
    client.run("pg_receivewal", *common, "--create-slot", "--if-not-exists")
    client.become("pg_receivewal", *common, "-D", log, "--synchronous", "--status-interval=1")


def restore_base(
    backup: Backup, log: Path, data: Path, *, time: datetime | None = None, timeline: str = "latest",
    owner: tuple[int, int] | None = None,
) -> list[str]:  # fmt: skip
    """Lay out a data folder from which any server of this version brings itself to `time`; the log's segments.

    Without `time` it goes to the end of the log. The server then takes writes, on a timeline of its own.
    """
    if data.exists() and any(data.iterdir()):
        raise BackupError(f"{data} is not empty")
    backup.check()
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    base = backup.folder / "base"
    _unpack(base / "base.tar.gz", data)
    _unpack(base / "pg_wal.tar.gz", data / "pg_wal")
    segments = _copy_log(log, data / _RESTORED_LOG, first=_first_segment(data))
    _ask_for_recovery(data, time, timeline)
    if owner is not None:
        for path in (data, *data.rglob("*")):
            os.chown(path, *owner, follow_symlinks=False)
    return segments


def restore_dumps(client: Client, backup: Backup, databases: Sequence[str]) -> list[str]:
    """Into databases that are there with their roles and are empty; the dump holds the tables as they were."""
    backup.check()
    names = list(databases) or list(backup.told["dumps"])
    for name in names:
        (tables,) = client.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=name)
        if tables != "0":
            raise BackupError(f"{name} has tables already; restore into an empty database")
    for name in names:
        dump = backup.folder / "dumps" / f"{name}.dump"
        client.run(
            "pg_restore", "-d", client.url(name), "--exit-on-error", "--single-transaction", "--no-password", dump
        )
        client.run("vacuumdb", "-d", client.url(name), "--analyze-only", "--quiet", "--no-password")
    return names


def recovered_to(client: Client) -> datetime | None:
    """When the last transaction was committed that a server's recovery brought back; known until its next restart."""
    (told,) = client.ask("SELECT pg_is_in_recovery() || ' ' || coalesce(pg_last_xact_replay_timestamp()::text, '')")
    recovering, _, moment = told.partition(" ")
    if recovering == "true":
        raise BackupError("PostgreSQL is still recovering; wait until pg_is_in_recovery() is false")
    return datetime.fromisoformat(moment) if moment else None


def prune_log(backups: Sequence[Backup], log: Path) -> int:
    """Remove segments that no backup needs any more; how many."""
    needed = [
        part["Start-LSN"] for backup in backups if "postgres" in backup.told for part in backup.told["postgres"]["log"]
    ]
    if not needed or not log.is_dir():
        return 0
    first = min(_segment_of(lsn) for lsn in needed)
    old = [file for file in log.iterdir() if _is_segment(file) and file.name[8:_SEGMENT] < first]
    for file in old:
        file.unlink()
    return len(old)


def _unpack(archive: Path, to: Path) -> None:
    with tarfile.open(archive) as content:
        # Debian 12 has a Python that is older than the argument `filter`
        content.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        content.extractall(to)  # noqa: S202 - what it holds was compared with the manifest


def _first_segment(data: Path) -> str:
    """Log and segment where the copy needs its log from, without the timeline."""
    label = (data / "backup_label").read_text(encoding="utf-8")
    for line in label.splitlines():
        if line.startswith("START WAL LOCATION:"):
            return line.rpartition("(file ")[2].rstrip(")")[8:]
    raise BackupError("backup_label names no START WAL LOCATION")


def _segment_of(lsn: str) -> str:
    """Log and segment of a position, for segments of 16 MB."""
    high, _, low = lsn.partition("/")
    return f"{int(high, 16):08X}{int(low, 16) >> 24:08X}"


def _is_segment(file: Path) -> bool:
    return len(file.name.removesuffix(".partial")) == _SEGMENT


def _copy_log(log: Path, to: Path, *, first: str) -> list[str]:
    """The segments from `first` on and the histories; the one that was being written goes by its whole name."""
    to.mkdir(mode=0o700)
    if not log.is_dir():
        return []
    files = {file.name: file for file in sorted(log.iterdir())}
    taken = []
    for name, file in files.items():
        whole = name.removesuffix(".partial")
        if name.endswith(".history") or (
            _is_segment(file) and whole[8:] >= first and not (name != whole and whole in files)
        ):
            shutil.copy2(file, to / whole)
            taken.append(whole)
    return [name for name in taken if len(name) == _SEGMENT]


def _ask_for_recovery(data: Path, time: datetime | None, timeline: str) -> None:
    """Relative commands: a server runs them in its data folder, wherever that is.

    Each setting is written also when it is the default: the copy may hold those of an earlier restore, and the last
    line counts.
    """
    folder = shlex.quote(_RESTORED_LOG)
    lines = [
        "# written by restore.py; of no effect once the server has recovered",
        f"restore_command = 'cp {folder}/%f %p'",
        f"recovery_end_command = 'rm -rf {folder}'",
        "recovery_target_action = 'promote'",
        f"recovery_target_time = '{time.isoformat() if time else ''}'",
        f"recovery_target_timeline = '{timeline}'",
    ]
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write("\n".join(["", *lines, ""]))
    (data / "recovery.signal").touch()
