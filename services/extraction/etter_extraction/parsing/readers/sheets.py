"""XLSX and XLS by calamine, after a look at how large the sheets say they are; hidden sheets are left out."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Page, Parsed, Sheet, sheet_of
from etter_extraction.parsing.refusal import Refused

_CELL = re.compile(rb'<(?:\w+:)?c\s[^<>]{0,300}?r="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 20


def read(path: Path, kind: str) -> Parsed:
    if zipfile.is_zipfile(path):
        _check_ranges(path)
    book = _open(path)
    pages: list[Page] = []
    sheets: list[Sheet] = []
    warnings: list[str] = []
    cells = 0
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        if about.visible != SheetVisibleEnum.Visible:
            warnings.append(f"hidden sheet {about.name!r} was left out")
            continue
        rows = _rows(book, about.name)
        cells += sum(len(row) for row in rows)
        if cells > limits.MAX_CELLS or len(rows) > limits.MAX_ROWS:
            raise Refused("too_many_pages", f"more than {limits.MAX_CELLS} cells or {limits.MAX_ROWS} rows")
        if rows:
            page, sheet = sheet_of(about.name, len(pages) + 1, rows)
            pages.append(page)
            sheets.append(sheet)
    if not pages:
        raise Refused("empty", "no visible sheet has a filled cell")
    return Parsed(kind=kind, pages=pages, sheets=sheets, warnings=warnings)


def _open(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        said = str(error).lower()
        reason = "encrypted" if "password" in said or "encrypt" in said else "damaged"
        raise Refused(reason, "the workbook cannot be opened") from error


def _rows(book: CalamineWorkbook, name: str) -> list[list[str]]:
    """The sheet's cells as text, without empty rows at its end."""
    rows = [[_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _check_ranges(path: Path) -> None:
    """Read the sheets' XML as a stream: how many cells there are and how far out the last one lies."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if re.match(r"xl/worksheets/[^/]+\.xml$", name):
                _check_range(archive, name)


def _check_range(archive: zipfile.ZipFile, name: str) -> None:
    count, rest, inflated, last_row, last_column = 0, b"", 0, 0, 0
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            inflated += len(chunk)
            data = rest + chunk
            for match in _CELL.finditer(data):
                count += 1
                last_row = max(last_row, int(match[2]))
                last_column = max(last_column, _column(match[1]))
            rest = data[-64:] if not _CELL.search(data[-64:]) else b""
            if inflated > limits.MAX_UNPACKED:
                raise Refused("expands_too_much", "a sheet unpacks to too many bytes")
            if count > limits.MAX_CELLS or last_row > limits.MAX_ROWS or last_column > limits.MAX_COLUMNS * 4:
                raise Refused("too_many_pages", f"a sheet reaches row {last_row}, column {last_column}")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: Any) -> str:  # whatever calamine makes of a cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(round(cell, 10))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
