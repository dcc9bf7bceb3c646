"""Writes the text of a page piece by piece and keeps the place of each piece."""

from __future__ import annotations

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Page, Table
from etter_extraction.parsing.refusal import Refused

CELL_SEPARATOR = "\t"


class PageWriter:
    """A page's text while it grows. Raises `Refused` past the limit of characters."""

    def __init__(self, number: int, label: str) -> None:
        self.number = number
        self._label = label
        self._parts: list[str] = []
        self._size = 0

    @property
    def size(self) -> int:
        return self._size

    def add(self, text: str, end: str = "\n") -> tuple[int, int]:
        """Append `text` and `end`; the place of `text`."""
        start = self._size
        self._parts += (text, end)
        self._size += len(text) + len(end)
        if self._size > limits.MAX_TEXT:
            raise Refused("too_many_pages", f"more than {limits.MAX_TEXT} characters")
        return start, start + len(text)

    def add_table(self, name: str, rows: list[list[str]], *, copies: list[list[bool]] | None = None) -> Table:
        """Append a table, cells by tab and rows by line. `copies` marks cells that only repeat a merged one."""
        width = max((len(row) for row in rows), default=0)
        cells = [[" ".join(cell.split()) for cell in row] + [""] * (width - len(row)) for row in rows]
        starts = [self._add_row(row, copies[number] if copies else ()) for number, row in enumerate(cells)]
        return Table(name, self.number, cells, starts)

    def page(self) -> Page:
        text = "".join(self._parts)
        return Page(self.number, self._label, text.removesuffix("\n"))

    def _add_row(self, row: list[str], copies: list[bool] | tuple[()]) -> list[int]:
        starts = []
        for column, cell in enumerate(row):
            written = "" if column < len(copies) and copies[column] else cell
            end = "\n" if column + 1 == len(row) else CELL_SEPARATOR
            start, _ = self.add(written, end)
            starts.append(start if written else -1)
        return starts
