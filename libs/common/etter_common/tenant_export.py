"""All that a service keeps of one company, as one zip: a line for each row, a file for each document, a manifest.

    EXPORT = Export("core", CoreSettings, Base.metadata)
    if __name__ == "__main__":  # python -m etter_core.export COMPANY_ID > core.zip
        tenant_export.run(EXPORT)

It streams: no more than a few rows are in memory. All tables are read in one snapshot, as the service's own role and as
that company, so row-level security holds here too. The database writes the JSON, so no digit of a number is lost.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import zipfile
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final
from uuid import UUID

import msgspec
from sqlalchemy import MetaData, Table, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from etter_common import logging
from etter_common.db.engine import make_engine
from etter_common.db.session import Database
from etter_common.errors import NotFound
from etter_common.settings import ServiceSettings

FORMAT: Final = "etter-company-export-1"
COMPANY: Final = "company_id"
UNKNOWN: Final = 4  # exit code for a company that is not there
TECHNICAL: Final[Mapping[str, str]] = {
    "outbox": "events that are being sent; what they tell is in the other tables",
    "inbox": "ids of events that were handled",
    "idempotency_keys": "answers kept for a day so that they can be given again",
}
"""Tables of every service that belong to companies and are left out, and why."""

_FETCHED_BYTES: Final = 4 * 1024 * 1024
_FETCHED_ROWS: Final = 1000

Row = dict[str, Any]  # Any: whatever PostgreSQL has a JSON form for
Read = Callable[[UUID, Row], Awaitable[AsyncIterable[bytes]]]


class CompanyUnknown(Exception):
    """No row of the table of companies has this id."""


@dataclass(frozen=True)
class Files:
    """What is kept beside the rows of `table`: `open` gives what reads the file of one of them, `name` is its path."""

    table: str
    name: Callable[[Row], str]
    open: Callable[[Any], Awaitable[Read]]  # Any: the service's own settings


@dataclass(frozen=True)
class Export:
    """What a service gives: the tables of `metadata` that have a `company_id`.

    `secret` names columns (`table.column`) that stay here, and why. `root` is the table whose `id` is the company's.
    """

    service: str
    settings: Callable[[], ServiceSettings]
    metadata: MetaData
    secret: Mapping[str, str] = field(default_factory=dict)
    root: str | None = None
    files: Files | None = None

    def tables(self) -> list[Table]:
        """Parents first."""
        return [t for t in self.metadata.sorted_tables if COMPANY in t.c or t.name == self.root]

    def columns(self, table: Table) -> list[str]:
        return [column.name for column in table.c if f"{table.name}.{column.name}" not in self.secret]


@dataclass
class Part:
    """One file of the archive."""

    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass
class FilesPart:
    """`missing`: rows whose file is gone; `damaged`: whose file is not what was uploaded. Both by the row's id."""

    count: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


@dataclass
class Manifest:
    format: str
    service: str
    company_id: UUID
    taken_at: str
    revision: str
    tables: dict[str, Part] = field(default_factory=dict)
    files: FilesPart | None = None


async def write(out: BinaryIO, export: Export, company_id: UUID) -> Manifest:
    """Write the archive; its last member is the manifest, so one without it is not whole."""
    settings = export.settings()
    db = Database(make_engine(settings))
    try:
        read = await export.files.open(settings) if export.files else None
        async with db.transaction(company_id, snapshot=True) as session:
            writing = _Writing(out, export, company_id, session)
            try:
                return await writing.all(read)
            except BaseException:
                writing.abandon()
                raise
    finally:
        await db.close()


class _Writing:
    def __init__(self, out: BinaryIO, export: Export, company_id: UUID, session: AsyncSession) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._export = export
        self._company_id = company_id
        self._session = session

    async def all(self, read: Read | None) -> Manifest:
        taken_at, revision = (await self._session.execute(_MOMENT)).one()
        manifest = Manifest(FORMAT, self._export.service, self._company_id, taken_at, revision)
        for table in self._export.tables():
            manifest.tables[table.name] = await self._table(table)
            if table.name == self._export.root and not manifest.tables[table.name].rows:
                raise CompanyUnknown(f"there is no company {self._company_id}")
        if read is not None:
            manifest.files = await self._files(read)
        self._zip.writestr("manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        self._zip.close()
        return manifest

    def abandon(self) -> None:
        """Leave what was written without its directory, which the zip would add when it is collected: it is no zip."""
        self._zip.fp = None

    async def _table(self, table: Table) -> Part:
        secret = {name.partition(".")[2]: why for name, why in self._export.secret.items() if _is_of(name, table)}
        part, digest = Part(left_out=secret), hashlib.sha256()
        with self._zip.open(f"{table.name}.ndjson", "w", force_zip64=True) as member:
            async for row in self._rows(table):
                line = row.encode() + b"\n"
                member.write(line)
                digest.update(line)
                part.rows += 1
                part.bytes += len(line)
        part.sha256 = digest.hexdigest()
        return part

    async def _rows(self, table: Table) -> AsyncGenerator[str]:
        """Each row as JSON; as many at a time as stay within `_FETCHED_BYTES`, by the size of those before."""
        await self._session.execute(self._cursor(table), {"company": self._company_id})
        count = 1
        while rows := (await self._session.scalars(text(f"FETCH {count} FROM export_rows"))).all():
            for row in rows:
                yield row
            largest = max(len(row) for row in rows)
            count = max(1, min(2 * count, _FETCHED_ROWS, _FETCHED_BYTES // largest))
        await self._session.execute(text("CLOSE export_rows"))

    def _cursor(self, table: Table) -> Any:
        quoted = self._session.get_bind().dialect.identifier_preparer.quote
        columns = ", ".join(quoted(name) for name in self._export.columns(table))
        order = ", ".join(quoted(column.name) for column in table.primary_key)
        key = COMPANY if COMPANY in table.c else "id"
        rows = f"SELECT {columns} FROM {quoted(table.name)} WHERE {key} = :company ORDER BY {order}"  # noqa: S608
        declared = f"DECLARE export_rows NO SCROLL CURSOR FOR SELECT row_to_json(r)::text FROM ({rows}) r"  # noqa: S608
        return text(declared).bindparams(bindparam("company", type_=table.c[key].type))

    async def _files(self, read: Read) -> FilesPart:
        assert self._export.files is not None  # noqa: S101 - `read` comes of it
        part = FilesPart()
        async for line in self._rows(self._export.metadata.tables[self._export.files.table]):
            row: Row = msgspec.json.decode(line)
            try:
                chunks = await read(self._company_id, row)
            except NotFound:
                part.missing.append(row["id"])
                continue
            await self._file(self._export.files.name(row), chunks, row, part)
        return part

    async def _file(self, name: str, chunks: AsyncIterable[bytes], row: Row, part: FilesPart) -> None:
        digest = hashlib.sha256()
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as member:  # as it is: most documents are packed already
            async for chunk in chunks:
                member.write(chunk)
                digest.update(chunk)
                part.bytes += len(chunk)
        part.count += 1
        if digest.hexdigest() != row["sha256"]:
            part.damaged.append(row["id"])


def _is_of(column: str, table: Table) -> bool:
    return column.partition(".")[0] == table.name


_MOMENT: Final = text("SELECT to_json(now())#>>'{}', (SELECT string_agg(version_num, ',') FROM alembic_version)")


def run(export: Export) -> None:
    """The command: `COMPANY_ID`, and the archive goes to standard output."""
    try:
        [company_id] = [UUID(argument) for argument in sys.argv[1:]]
    except ValueError:
        sys.exit(f"usage: python -m etter_{export.service}.export COMPANY_ID > {export.service}.zip")
    if sys.stdout.isatty():
        sys.exit("this writes a zip; send it to a file")
    logging.configure(export.service, "warning", stream=sys.stderr.buffer)
    try:
        manifest = asyncio.run(write(sys.stdout.buffer, export, company_id))
    except CompanyUnknown as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(UNKNOWN)
    rows = sum(part.rows for part in manifest.tables.values())
    files = manifest.files.count if manifest.files else 0
    sys.stderr.write(f"{export.service}: {rows} rows, {files} files\n")
