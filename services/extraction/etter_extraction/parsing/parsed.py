"""What parsing gives: pages of text as stored, and tables of cells."""

from __future__ import annotations

import msgspec


class Page(msgspec.Struct, frozen=True):
    """A page, sheet, slide or whole document. Offsets of facts count characters of `text`."""

    number: int
    label: str
    text: str


class Sheet(msgspec.Struct, frozen=True):
    """A table of cells as text, with the place of each row on its page."""

    name: str
    page: int
    rows: list[list[str]]
    starts: list[int]  # offset of each row in the page's text


class Parsed(msgspec.Struct, frozen=True):
    kind: str
    pages: list[Page]
    sheets: list[Sheet] = []
    headings: list[str] = []  # lines the format itself marks as headings, in order
    warnings: list[str] = []


CELL_SEPARATOR = "\t"


def sheet_of(name: str, number: int, rows: list[list[str]]) -> tuple[Page, Sheet]:
    """A table as a page (cells by tab, rows by line) and as cells, in step with each other."""
    starts, lines, offset = [], [], 0
    for row in rows:
        line = CELL_SEPARATOR.join(cell.replace("\t", " ").replace("\n", " ") for cell in row).rstrip("\t")
        starts.append(offset)
        lines.append(line)
        offset += len(line) + 1
    cells = [[cell.replace("\t", " ").replace("\n", " ").strip() for cell in row] for row in rows]
    return Page(number, name, "\n".join(lines)), Sheet(name, number, cells, starts)
