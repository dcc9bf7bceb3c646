"""Writes the text of a page piece by piece and keeps the place of each piece."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Block, BlockKind, Box, Page, Region, Table
from etter_extraction.parsing.refusal import Refused

CELL_SEPARATOR: Final = "\t"
LONG_TABLE: Final = 20_000
"""Rows from which on a table's text is only kept where a fact stands on it."""
LONG_TABLE_SAMPLE: Final = 200
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
            raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
        return start, start + len(text)

    def add_piece(self, piece: Piece, *, region: Region = "body", written: str | None = None) -> None:
        """Append a paragraph; `written` is its text with line breaks, hyphens and list marker."""
        start, end = self.add(piece.text if written is None else written)
        self._block(piece, start, end, region=region)

    def add_table(self, name: str, rows: Iterable[Sequence[str]]) -> Table:
        """Append a table of plain cells without blocks. Of a long one only the first rows go into the text."""
        seen: dict[str, str] = {}  # the same words in many rows are kept once
        cells = [[seen.setdefault(cell, cell) for cell in map(_one_line, row)] for row in rows]
        width = max((len(row) for row in cells), default=0)
        written = len(cells) if len(cells) <= LONG_TABLE else LONG_TABLE_SAMPLE
        starts = [-1] * len(cells)
        for number, row in enumerate(cells):
            row.extend([""] * (width - len(row)))
            if number < written:
                starts[number], _ = self.add(CELL_SEPARATOR.join(row))
        table = Table(name, self.number, cells, starts)
        self.tables.append(table)
        return table

    def add_grid(
        self, rows: Sequence[Sequence[Cell]], copies: Sequence[Sequence[bool]] = (), *, region: Region = "table"
    ) -> None:
        """Append a table whose cells hold paragraphs, each a block. `copies` marks what only repeats a merged cell."""
        width = max((len(row) for row in rows), default=0)
        number = self._first_table + len(self.tables)
        copied = frozenset(
            (row, column) for row, flags in enumerate(copies) for column, is_copy in enumerate(flags) if is_copy
        )
        texts, starts = [], []
        for row, cells in enumerate(rows):
            line = [" ".join(piece.text for piece in cell) for cell in cells] + [""] * (width - len(cells))
            written = ["" if (row, column) in copied else text for column, text in enumerate(line)]
            start, _ = self.add(CELL_SEPARATOR.join(written))
            texts.append(line)
            starts.append(start)
            for column, cell in enumerate(cells):
                if (row, column) not in copied:
                    self._cell_blocks(cell, start, (number, row, column), region)
                start += len(written[column]) + 1
        self.tables.append(Table(f"table {number + 1}", self.number, texts, starts, copied))

    def page(self) -> Page:
        return Page(self.number, self._label, "".join(self._parts).removesuffix("\n"))

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


def _one_line(cell: str) -> str:
    return " ".join(cell.split()) if cell else ""
