"""Finds and opens the tables of an O*NET release: a folder or a zip archive. Nothing is unpacked to disk."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final, Literal, cast

MAX_TABLE_BYTES: Final = 256 * 1024 * 1024
"""Of one table, unpacked; the largest of O*NET 29.3 has about 40 MB."""
MAX_ARCHIVE_BYTES: Final = 2 * 1024 * 1024 * 1024
MAX_ARCHIVE_ENTRIES: Final = 2_000

_BESIDE: Final = ("ai", "wages")
_UNREADABLE: Final = ("\ufffd", "\x00")
Opener = Callable[[], IO[bytes]]


class ReleaseUnreadable(Exception):
    """The release cannot be taken as it is; the message says why, in words for the person who gave its path."""


@dataclass(frozen=True)
class Shape:
    """One published form of a table: the file's name, and which of its columns we call what.

    `quoted` is false for O*NET's own text files: a quotation mark is a mere character there.
    """

    name: str
    columns: Mapping[str, str]
    delimiter: str = ","
    quoted: bool = True


@dataclass
class Tables:
    """The files of a release by lower-case name; counts the rows it had to leave out."""

    own: Mapping[str, Opener]
    beside: Mapping[str, Opener]
    skipped: Counter[str] = field(default_factory=Counter)

    def has(self, shape: Shape) -> bool:
        return self._opener(shape) is not None

    def find(self, shapes: Sequence[Shape]) -> Shape | None:
        """The first of a table's forms that is there."""
        return next((shape for shape in shapes if self.has(shape)), None)

    def rows(self, shape: Shape) -> Iterator[dict[str, str]]:
        """The rows by our names for the columns; those that cannot be read are counted as skipped.

        Raises:
            ReleaseUnreadable: no such file, a column is missing, or the file is damaged or larger than allowed.
        """
        opener = self._opener(shape)
        if opener is None:
            raise ReleaseUnreadable(f"{shape.name} is missing")
        try:
            with opener() as file:
                yield from self._read(file, shape)
        except (OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            raise ReleaseUnreadable(f"{shape.name} cannot be read: {error}") from error

    def skip(self, shape: Shape) -> None:
        self.skipped[shape.name] += 1

    def _opener(self, shape: Shape) -> Opener | None:
        names = (shape.name.lower(), f"{shape.name.lower()}.gz")
        return next((place[name] for place in (self.own, self.beside) for name in names if name in place), None)

    def _read(self, file: IO[bytes], shape: Shape) -> Iterator[dict[str, str]]:
        bounded = cast(io.RawIOBase, _Bounded(file, shape.name))
        lines = io.TextIOWrapper(io.BufferedReader(bounded), "utf-8-sig", "replace", newline="")
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if shape.quoted else csv.QUOTE_NONE
        reader = csv.reader(lines, delimiter=shape.delimiter, quoting=quoting)
        header = [name.strip() for name in next(reader, [])]
        if missing := [name for name in shape.columns.values() if name not in header]:
            raise ReleaseUnreadable(f"{shape.name} has no column {', '.join(missing)}")
        places = {ours: header.index(theirs) for ours, theirs in shape.columns.items()}
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                self.skip(shape)
                continue
            if row := self._row(cells, len(header), places):
                yield row
            elif cells:
                self.skip(shape)

    def _row(self, cells: list[str], width: int, places: Mapping[str, int]) -> dict[str, str] | None:
        if len(cells) != width:
            return None
        row = {name: cells[place].strip() for name, place in places.items()}
        return None if any(mark in value for value in row.values() for mark in _UNREADABLE) else row


def open_release(path: Path) -> Tables:
    """The tables at `path`, and those beside it, in `ai` or in `wages` next to it."""
    nearby = (path.parent, *(path.parent / name for name in _BESIDE))
    if path.is_dir():
        children = sorted(child for child in path.iterdir() if child.is_dir())
        return Tables(_in_folders(path, *children), _in_folders(*nearby))
    if path.is_file() and zipfile.is_zipfile(path):
        return Tables(_in_archive(path), _in_folders(*nearby))
    raise ReleaseUnreadable(f"{path} is neither a folder nor a zip archive")


def _in_folders(*folders: Path) -> dict[str, Opener]:
    found: dict[str, Opener] = {}
    for folder in folders:
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if file.is_file():
                found.setdefault(file.name.lower(), partial(_open_file, file))
    return found


def _in_archive(path: Path) -> dict[str, Opener]:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MAX_ARCHIVE_ENTRIES:
        raise ReleaseUnreadable(f"{path.name} has {len(entries)} entries, more than {MAX_ARCHIVE_ENTRIES}")
    if sum(entry.file_size for entry in entries) > MAX_ARCHIVE_BYTES:
        raise ReleaseUnreadable(f"{path.name} unpacks to more than {MAX_ARCHIVE_BYTES} bytes")
    found: dict[str, Opener] = {}
    for entry in entries:
        name = PurePosixPath(entry.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
            raise ReleaseUnreadable(f"{path.name} has an entry that leads out of it: {entry.filename!r}")
        if entry.flag_bits & 0x1:
            raise ReleaseUnreadable(f"{path.name} is encrypted")
        found.setdefault(name.name.lower(), partial(_open_entry, path, entry.filename))
    return found


def _open_file(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _open_entry(path: Path, name: str) -> IO[bytes]:
    with zipfile.ZipFile(path) as archive:
        entry = archive.open(name)  # keeps the archive's file open until it is closed itself
    return cast(IO[bytes], gzip.open(entry)) if name.lower().endswith(".gz") else entry


class _Bounded(io.RawIOBase):
    """Reads on until the limit, then refuses: what an archive says of its sizes need not be true."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name, self._left = file, name, MAX_TABLE_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise ReleaseUnreadable(f"{self._name} is larger than {MAX_TABLE_BYTES} bytes")
        buffer[: len(data)] = data
        return len(data)
