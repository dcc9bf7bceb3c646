"""Writes small O*NET releases in the published form, for tests to read."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

FIRST, SECOND = "99-1001.00", "99-1002.00"
CODE = "O*NET-SOC Code"

Rows = Sequence[Sequence[str]]

TABLES: dict[str, Rows] = {
    "Occupation Data.txt": [
        [CODE, "Title", "Description"],
        [FIRST, "Dough Keepers", 'Keep dough, called "the mother", alive.'],
        [SECOND, "Jar Counters", "Count jars."],
    ],
    "Task Statements.txt": [
        [CODE, "Task ID", "Task", "Task Type", "Incumbents Responding", "Date", "Domain Source"],
        [FIRST, "1", "Knead the dough by hand.", "Core", "20", "08/2025", "Incumbent"],
        [FIRST, "2", "Write reports on the dough.", "Supplemental", "20", "08/2025", "Incumbent"],
        [SECOND, "3", "Enter counts into the database.", "n/a", "n/a", "08/2025", "Analyst"],
    ],
    "Task Ratings.txt": [[CODE, "Task ID", "Scale ID", "Category", "Data Value"]],
    "Skills.txt": [
        [CODE, "Element ID", "Element Name", "Scale ID", "Data Value"],
        [FIRST, "2.A", "Patience", "IM", "4.00"],
        [FIRST, "2.A", "Patience", "LV", "6.00"],
        [FIRST, "2.B", "Physics", "IM", "1.50"],
    ],
    "Job Zones.txt": [[CODE, "Job Zone", "Date", "Domain Source"], [FIRST, "2", "08/2025", "Analyst"]],
    "Alternate Titles.txt": [
        [CODE, "Alternate Title", "Short Title", "Source(s)"],
        [FIRST, "Sourdough Keeper", "n/a", "01"],
        [FIRST, "Chief Dough Officer", "CDO", "01"],
    ],
    "Sample of Reported Titles.txt": [
        [CODE, "Reported Job Title", "Shown in My Next Move"],
        [SECOND, "JC (Jar Clerk)", "Y"],
    ],
}


def text_of(rows: Rows, separator: str = "\t") -> bytes:
    return "".join(separator.join(row) + "\r\n" for row in rows).encode()


def write(folder: Path, changes: Mapping[str, Rows | None] | None = None) -> Path:
    """A release as the published text files; `changes` replaces a table, or leaves it out by `None`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {**TABLES, **(changes or {})}.items():
        if rows is not None:
            (folder / name).write_bytes(text_of(rows))
    return folder


def write_zip(path: Path, extra: Mapping[str, bytes] | None = None) -> Path:
    """The same in an archive with a folder inside, as O*NET ships it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in TABLES.items():
            archive.writestr(f"db_99_9_text/{name}", text_of(rows))
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def plus(name: str, *rows: Sequence[str]) -> dict[str, Rows | None]:
    """The table with these rows at its end."""
    return {name: [*TABLES[name], *rows]}
