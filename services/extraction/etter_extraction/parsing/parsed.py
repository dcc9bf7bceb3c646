"""What reading a file gives, whatever its format: pages of text, blocks in reading order, tables as grids.

Everything has a place: `page.text[start:end]` holds the source of each block and cell to the letter. A reader decides
what belongs together (a wrapped line, a list item, a cell); what it means is decided in `facts`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points from the page's lower left corner."""

Pictures = Literal["read", "refuse", "leave_out"]
"""What becomes of pages that are pictures. `refuse` refuses the whole document with `no_text_layer`."""

BlockKind = Literal["heading", "paragraph", "item"]
Region = Literal["body", "table", "margin", "note"]
"""`margin`: header, footer or side text. `note`: footnote, comment, speaker's notes."""


class Page(msgspec.Struct, frozen=True):
    """A page, sheet or slide; formats without pages have one. Offsets count characters of `text`."""

    number: int
    label: str
    text: str


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """A paragraph, heading or list item, over as many lines as it takes.

    `text` is the block on one line: white space collapsed, words broken at a line's end joined, the list marker left
    out. `level` is the depth of a heading or list, from 1. `size` is the font size divided by that of body text. Where
    `region` is `table`, the block is a cell: `table` counts `Parsed.tables` from 0, `row` and `column` its grid.
    """

    kind: BlockKind
    page: int
    start: int
    end: int
    text: str
    level: int = 0
    size: float = 1.0
    bold: bool = False
    region: Region = "body"
    table: int = -1
    row: int = -1
    column: int = -1
    box: Box | None = None


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """A grid of cells as text: every row has the same length, a merged cell's text is in each cell it covers.

    In the page's text a row is a line and cells are parted by tabs; a cell that only repeats a merged one is empty
    there. `row_starts` are the offsets of the rows, -1 for the rows of a long table that the text leaves out.
    """

    name: str
    page: int
    rows: list[list[str]]
    row_starts: list[int]
    copies: frozenset[tuple[int, int]] = frozenset()

    def start(self, row: int, column: int) -> int:
        """The offset of a cell's text in the page's text, -1 where it has none."""
        if self.row_starts[row] < 0 or not self.rows[row][column] or (row, column) in self.copies:
            return -1
        before = self.rows[row][:column]
        return self.row_starts[row] + sum(
            1 + (0 if (row, number) in self.copies else len(cell)) for number, cell in enumerate(before)
        )


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something a person must know about the reading: left out, guessed or doubtful. `code` is stable."""

    code: str
    message: str
    count: int = 1
    examples: list[str] = []


class Parsed(msgspec.Struct, frozen=True):
    """`posting` is structured data that the file itself carries about a job (schema.org JobPosting), as it is."""

    kind: str
    pages: list[Page]
    blocks: list[Block] = []
    tables: list[Table] = []
    posting: dict[str, Any] | None = None
    notes: list[Note] = []
