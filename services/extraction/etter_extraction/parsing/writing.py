"""Writes the text of a page piece by piece and keeps the place of each piece."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Block, BlockKind, Box, Page, Region, Table
from etter_extraction.parsing.refusal import Refused

CELL_SEPARATOR: Final = "\t"
MARKER: Final = re.compile(
    r"(?:[•●▪■◦‣·∙*–—➢➤►✓✔❖◆\uf0b7\uf0a7\uf0d8\uf076\u25cb-]|o(?=\s)|\(?\d{1,2}[.)]|\(?[a-z][.)])(?:\s+|$)"
)
"""What opens a list item."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph before it has a place."""

    text: str
    kind: BlockKind = "paragraph"
    level: int = 0
    size: float = 1.0
    bold: bool = False
    box: Box | None = None


Cell = Sequence[Piece]


class PageWriter:
    """A page's text while it grows, with its blocks and tables. Raises `Refused` past the limit of characters."""

    def __init__(self, number: int, label: str, *, first_table: int = 0) -> None:
        self.number = number
        self.blocks: list[Block] = []
        self.tables: list[Table] = []
        self._label = label
        self._first_table = first_table
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

    def add_piece(self, piece: Piece, *, region: Region = "body", written: str | None = None) -> None:
        """Append a paragraph; `written` is its text with line breaks, hyphens and list marker."""
        start, end = self.add(piece.text if written is None else written)
        self._block(piece, start, end, region=region)

    def add_table(self, name: str, rows: list[list[str]]) -> Table:
        """Append a table of plain cells without blocks: cells by tab, rows by line."""
        width = max((len(row) for row in rows), default=0)
        cells = [[" ".join(cell.split()) for cell in row] + [""] * (width - len(row)) for row in rows]
        starts = [self._add_row(row, [False] * width) for row in cells]
        table = Table(name, self.number, cells, starts)
        self.tables.append(table)
        return table

    def add_grid(
        self, rows: Sequence[Sequence[Cell]], copies: Sequence[Sequence[bool]] = (), *, region: Region = "table"
    ) -> None:
        """Append a table whose cells hold paragraphs, each a block. `copies` marks what only repeats a merged cell."""
        width = max((len(row) for row in rows), default=0)
        number = self._first_table + len(self.tables)
        texts, starts = [], []
        for row, cells in enumerate(rows):
            copied = [*(copies[row] if copies else ()), *[False] * width][:width]
            line = [" ".join(piece.text for piece in cell) for cell in cells] + [""] * (width - len(cells))
            texts.append(line)
            starts.append(self._add_row(line, copied))
            for column, cell in enumerate(cells):
                if starts[row][column] >= 0:
                    self._cell_blocks(cell, starts[row][column], (number, row, column), region)
        self.tables.append(Table(f"table {number + 1}", self.number, texts, starts))

    def page(self) -> Page:
        return Page(self.number, self._label, "".join(self._parts).removesuffix("\n"))

    def _add_row(self, row: Sequence[str], copied: Sequence[bool]) -> list[int]:
        starts = []
        for column, cell in enumerate(row):
            written = "" if copied[column] else cell
            end = "\n" if column + 1 == len(row) else CELL_SEPARATOR
            start, _ = self.add(written, end)
            starts.append(start if written else -1)
        return starts

    def _cell_blocks(self, cell: Cell, start: int, place: tuple[int, int, int], region: Region) -> None:
        for piece in cell:
            end = start + len(piece.text)
            self._block(piece, start, end, region=region, place=place)
            start = end + 1

    def _block(
        self, piece: Piece, start: int, end: int, *, region: Region, place: tuple[int, int, int] = (-1, -1, -1)
    ) -> None:
        table, row, column = place
        self.blocks.append(Block(
            piece.kind, self.number, start, end, without_marker(piece), level=piece.level, size=piece.size,
            bold=piece.bold, region=region, table=table, row=row, column=column, box=piece.box,
        ))  # fmt: skip


def without_marker(piece: Piece) -> str:
    """A piece's text on one line, without what opens a list item."""
    text = " ".join(piece.text.split())
    return MARKER.sub("", text, count=1) if piece.kind == "item" and MARKER.match(text) else text
