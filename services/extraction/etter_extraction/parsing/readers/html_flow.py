"""HTML elements as paragraphs, headings, list items and grids. Walks without recursion: nesting may be deep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from lxml import etree

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import BlockKind
from etter_extraction.parsing.writing import MARKER, Cell, Piece

_HEADINGS: Final = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67}
_BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "ul", *_HEADINGS,
})  # fmt: skip
_BOLD: Final = ("b", "strong")
_ENDS: Final = (".", ":", ";", "!", "?")
_LONGEST_HEADING: Final = 80
_MOST_SPANNED: Final = 1000


def pieces_of(root: Any, *, tables: Callable[[Any], bool] | None = None) -> Iterator[Any]:
    """The pieces of an element in reading order, and the table elements for which `tables` is true, as they are."""
    flow = _Flow()
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        if not isinstance(node.tag, str):
            continue
        if event == "start":
            if tables and node.tag == "table" and tables(node):
                yield from flow.flushed()
                yield node
                walk.skip_subtree()
                continue
            if node.tag in _BLOCKS:
                yield from flow.flushed(at_break=node.tag == "br")
            flow.enter(node)
        else:
            if node.tag in _BLOCKS and node.tag != "br":
                yield from flow.flushed()
            flow.leave(node)
            if node is not root:
                flow.add(node.tail)
    yield from flow.flushed()


class _Flow:
    """The text of the block that is being read, and what it stands in."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._held: Piece | None = None
        self._bold_depth = 0
        self._bold = 0
        self._length = 0
        self._heading = ""
        self._list_depth = 0
        self._item_opens = False

    def enter(self, node: Any) -> None:
        if node.tag in _HEADINGS:
            self._heading = node.tag
        elif node.tag in ("ul", "ol"):
            self._list_depth += 1
        elif node.tag in ("li", "dd"):
            self._item_opens = True
        elif node.tag in _BOLD:
            self._bold_depth += 1
        self.add(node.text)

    def leave(self, node: Any) -> None:
        if node.tag in _HEADINGS:
            self._heading = ""
        elif node.tag in ("ul", "ol"):
            self._list_depth = max(0, self._list_depth - 1)
        elif node.tag in ("li", "dd"):
            self._item_opens = False
        elif node.tag in _BOLD:
            self._bold_depth = max(0, self._bold_depth - 1)

    def add(self, text: str | None) -> None:
        if text:
            self._text.append(text)
            letters = len(text.strip())
            self._length += letters
            self._bold += letters if self._bold_depth else 0

    def flushed(self, *, at_break: bool = False) -> Iterator[Piece]:
        """The finished block. After a line break a lower-case line goes on with the one before it."""
        piece = self._taken()
        if piece and self._held and piece.text[:1].islower() and not self._held.text.endswith(_ENDS):
            piece = Piece(f"{self._held.text} {piece.text}", self._held.kind, self._held.level, bold=self._held.bold)
            self._held = None
        if piece:
            if self._held:
                yield self._held
            self._held = piece
        if self._held and not at_break:
            yield self._held
            self._held = None

    def _taken(self) -> Piece | None:
        text = " ".join("".join(self._text).split())
        bold = self._length > 0 and self._bold == self._length
        self._text, self._bold, self._length = [], 0, 0
        if not text:
            return None
        kind, level = self._kind(text, bold=bold)
        if kind == "item":
            self._item_opens = False
        return Piece(text, kind, level, _HEADINGS.get(self._heading, 1.0), bold)

    def _kind(self, text: str, *, bold: bool) -> tuple[BlockKind, int]:
        if self._heading:
            return "heading", int(self._heading[1])
        if self._item_opens or MARKER.match(text):
            return "item", max(self._list_depth, 1)
        if bold and len(text) < _LONGEST_HEADING and not text.endswith((".", ",", ";")):
            return "heading", 4
        return "paragraph", 0


def is_data_table(table: Any) -> bool:
    """Rows of cells, and no table that only arranges the page."""
    if next(table.iterdescendants("table"), None) is not None:
        return False
    wide = sum(len(row.xpath("./td|./th")) > 1 for row in table.iter("tr"))
    return wide > 1


def grid_of(table: Any) -> tuple[list[list[Cell]], list[list[bool]]]:
    """Cells by row and column with spans resolved, and which of them are copies of a spanning one."""
    rows: list[list[Cell]] = []
    copies: list[list[bool]] = []
    below: dict[int, tuple[Cell, int]] = {}  # by column: what spans down, and how many rows more
    for element in table.iter("tr"):
        cells, copied = _row(element, below)
        rows.append(cells)
        copies.append(copied)
    return rows, copies


def _row(element: Any, below: dict[int, tuple[Cell, int]]) -> tuple[list[Cell], list[bool]]:
    cells: list[Cell] = []
    copied: list[bool] = []

    def copy_spanning() -> None:
        while len(cells) in below:
            column = len(cells)
            cell, left = below.pop(column)
            cells.append(cell)
            copied.append(True)
            if left > 1:
                below_next[column] = (cell, left - 1)

    below_next: dict[int, tuple[Cell, int]] = {}
    for node in element.xpath("./td|./th"):
        copy_spanning()
        cell: Cell = list(pieces_of(node))
        wide = min(_span(node, "colspan"), max(1, limits.MAX_COLUMNS - len(cells)))
        high = _span(node, "rowspan")
        for offset in range(wide):
            if high > 1:
                below_next[len(cells)] = (cell, high - 1)
            cells.append(cell)
            copied.append(offset > 0)
    copy_spanning()
    below.clear()
    below.update(below_next)
    return cells, copied


def _span(node: Any, name: str) -> int:
    value = (node.get(name) or "").strip()
    return max(1, min(int(value), _MOST_SPANNED)) if value.isascii() and value.isdigit() and len(value) < 7 else 1
