"""XLSX, XLS and ODS by calamine: cells as a person sees them, with currency and percent; what is hidden is left out."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Block, Note, Page, Parsed, Table
from etter_extraction.parsing.readers import ods_look
from etter_extraction.parsing.readers.odt import open_document
from etter_extraction.parsing.readers.office import open_office
from etter_extraction.parsing.readers.xlsx_look import Look, looks_of
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source, given
from etter_extraction.parsing.writing import PageWriter, Piece

LOST: Final = "#NO_VALUE"
"""Stands for a formula whose result the file does not hold."""
_WHOLE_BELOW: Final = 1e15


def read(path: Source, kind: str) -> Parsed:
    looks: dict[str, Look] = {}
    hidden: set[str] = set()
    if kind == "xlsx" and zipfile.is_zipfile(given(path)):
        with open_office(path) as archive:
            looks = looks_of(archive)
    elif kind == "ods":
        with open_document(path) as archive:
            looks, hidden = ods_look.looks_of(archive)
    book = _open(path)
    pages: list[Page] = []
    tables: list[Table] = []
    blocks: list[Block] = []
    notes = _Notes()
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        if about.visible != SheetVisibleEnum.Visible or about.name in hidden:
            notes.hidden_sheets.append(about.name)
            continue
        look = looks.get(about.name, Look())
        writer = _write(book.get_sheet_by_name(about.name), look, len(pages) + 1, notes)
        if writer.size:
            pages.append(writer.page())
            tables += writer.tables
            blocks += writer.blocks
    if not pages:
        raise Refused("empty", "no visible sheet has a filled cell")
    return Parsed(kind, pages, blocks, tables, notes=list(notes.all()))


class _Notes:
    """What was left out or is missing, over all sheets."""

    def __init__(self) -> None:
        self.hidden_sheets: list[str] = []
        self.hidden_rows: list[str] = []
        self.hidden_columns: list[str] = []
        self.lost: list[str] = []

    def all(self) -> Iterator[Note]:
        for code, message, where in (
            ("HIDDEN_SHEETS_LEFT_OUT", "Hidden sheets were left out.", self.hidden_sheets),
            ("HIDDEN_ROWS_LEFT_OUT", "Hidden rows were left out.", self.hidden_rows),
            ("HIDDEN_COLUMNS_LEFT_OUT", "Hidden columns were left out.", self.hidden_columns),
            ("FORMULAS_WITHOUT_VALUES", "Formulas have no stored result. Open and save the file in Excel.", self.lost),
        ):
            if where:
                yield Note(code, message, len(where), where[:5])


def _open(path: Source) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_object(given(path))
    except CalamineError as error:
        said = str(error).lower()
        reason = "encrypted" if "password" in said or "encrypt" in said else "damaged"
        raise Refused(reason, "the workbook cannot be opened") from error


def _write(sheet: CalamineSheet, look: Look, number: int, notes: _Notes) -> PageWriter:
    if sheet.total_height * sheet.total_width > limits.MAX_WORKBOOK_CELLS or sheet.total_height > limits.MAX_ROWS:
        raise Refused("too_many_cells", f"a sheet has {sheet.total_height} rows and {sheet.total_width} columns")
    writer = PageWriter(number, sheet.name)
    rows = [_row(row, number, look) for number, row in enumerate(sheet.to_python(skip_empty_area=False))]
    _fill_merged(rows, sheet)
    while rows and not any(rows[-1]):
        rows.pop()
    kept = [row for number, row in enumerate(rows) if number not in look.hidden_rows]
    if look.hidden_columns:
        kept = [[cell for column, cell in enumerate(row) if column not in look.hidden_columns] for row in kept]
    if any(any(row) for row in kept):
        writer.add_table(sheet.name, kept)
    for text in look.texts:
        writer.add_piece(Piece(text), region="note")
    height = len(rows)
    notes.hidden_rows += [f"{sheet.name}, row {row + 1}" for row in sorted(look.hidden_rows) if row < height]
    notes.hidden_columns += [f"{sheet.name}, column {_letters(column)}" for column in sorted(look.hidden_columns)]
    notes.lost += [f"{sheet.name}!{_letters(column)}{row + 1}" for row, column in sorted(look.lost)]
    return writer


def _row(row: list[Any], number: int, look: Look) -> list[str]:
    cells = [_text(cell, look.prefix(number, column)) for column, cell in enumerate(row)]
    for column in range(len(cells)) if look.lost else ():
        if not cells[column] and (number, column) in look.lost:
            cells[column] = LOST
    return cells


def _fill_merged(rows: list[list[str]], sheet: CalamineSheet) -> None:
    """A merged cell's text is in each cell it covers."""
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        text = rows[top][left] if top < len(rows) and left < len(rows[top]) else ""
        for row in rows[top : bottom + 1] if text else ():
            for column in range(left, min(right + 1, len(row))):
                row[column] = row[column] or text


def _text(cell: Any, prefix: str) -> str:  # whatever calamine makes of a cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        if prefix == "%":
            return f"{_number(cell * 100)}%"
        return f"{prefix} {_number(cell)}" if prefix else _number(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell) if not isinstance(cell, timedelta) else f"{cell.total_seconds() / 3600:g} h"


def _number(value: float) -> str:
    """Without the digits of binary arithmetic."""
    rounded = round(value, 10)
    return str(int(rounded)) if float(rounded).is_integer() and abs(rounded) < _WHOLE_BELOW else repr(rounded)


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
