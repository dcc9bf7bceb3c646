"""DOCX: paragraphs, lists, tables and text boxes in reading order, as they stand once tracked changes are accepted."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from msgspec.structs import replace as replace_in

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Block, BlockKind, Note, Parsed, Region
from etter_extraction.parsing.readers.docx_styles import Look, Styles
from etter_extraction.parsing.readers.office import office_part, open_office
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source
from etter_extraction.parsing.writing import MARKER, Cell, PageWriter, Piece

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BODY: Final = "word/document.xml"
_BESIDE: Final = (
    (re.compile(r"word/(header|footer)\d*\.xml$"), "margin"),
    (re.compile(r"word/(footnotes|endnotes|comments)\.xml$"), "note"),
)
_GONE: Final = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}delText", f"{_W}instrText", f"{_W}rPr", f"{_W}pPr"})
_WRAPPERS: Final = frozenset(f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"))
_TEXT_BOX: Final = f"{_W}txbxContent"
_FALLBACK: Final = "Fallback"
_LONGEST_HEADING: Final = 80


def read(path: Source, kind: str) -> Parsed:
    with open_office(path) as archive:
        body = office_part(archive, _BODY).find(f"{_W}body")
        if body is None:
            raise Refused("damaged", "the document has no body")
        styles = Styles.read(archive)
        main = _Composer(PageWriter(1, "body"), styles, "body")
        main.container(body)
        writers = [main.writer, _beside(archive, styles, first_table=len(main.writer.tables)).writer]
    if not any(writer.blocks for writer in writers):
        raise Refused("empty", "the document has no text")
    if sum(writer.size for writer in writers) > limits.MAX_TEXT:
        raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
    blocks = _scaled([block for writer in writers for block in writer.blocks])
    pages = [writer.page() for writer in writers if writer.number == 1 or writer.size]
    tables = [table for writer in writers for table in writer.tables]
    return Parsed(kind, pages, blocks, tables, notes=main.notes())


def _scaled(blocks: list[Block]) -> list[Block]:
    """Sizes divided by the one that most text of the body has."""
    sizes: Counter[float] = Counter()
    for block in blocks:
        sizes[block.size] += len(block.text) if block.region in ("body", "table") else 0
    body = sizes.most_common(1)[0][0] or 1.0
    return [replace_in(block, size=round(block.size / body, 2)) for block in blocks]


def _beside(archive: zipfile.ZipFile, styles: Styles, *, first_table: int) -> _Composer:
    """Headers, footers, footnotes and comments, on a page of their own."""
    writer = PageWriter(2, "headers, footers and notes", first_table=first_table)
    composer = _Composer(writer, styles, "margin")
    for pattern, region in _BESIDE:
        composer.region = region  # type: ignore[assignment]  # one of the two above
        for name in sorted(archive.namelist()):
            if pattern.match(name):
                root = office_part(archive, name)
                for part in root if region == "note" else [root]:
                    composer.container(part)
    return composer


class _Composer:
    """Writes containers of paragraphs and tables to one page."""

    def __init__(self, writer: PageWriter, styles: Styles, region: Region) -> None:
        self.writer = writer
        self.region: Region = region
        self._styles = styles
        self._hidden = 0
        self._deleted = 0

    def notes(self) -> list[Note]:
        found = []
        if self._deleted:
            message = "Text that a tracked change deletes or moves away was left out."
            found.append(Note("TRACKED_DELETIONS_LEFT_OUT", message, self._deleted))
        if self._hidden:
            found.append(Note("HIDDEN_TEXT_LEFT_OUT", "Text that the document hides was left out.", self._hidden))
        return found

    def container(self, element: Any) -> None:
        """A body, cell, content control, note or text box: whatever holds paragraphs and tables."""
        for child in element:
            if child.tag == f"{_W}p":
                self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                self._table(child)
            elif child.tag in (f"{_W}del", f"{_W}moveFrom"):
                self._deleted += 1
            elif child.tag in _WRAPPERS:
                self.container(child)

    def _paragraph(self, element: Any) -> None:
        piece, boxes = self._piece_of(element)
        if piece:
            self.writer.add_piece(piece, region=self.region)
        for box in boxes:
            self.container(box)

    def _piece_of(self, element: Any) -> tuple[Piece | None, list[Any]]:
        """A paragraph as a piece, `None` without text, and the text boxes anchored in it."""
        look = self._styles.of_paragraph(element)
        pieces, boxes = self._pieces(element)
        text = _lines("".join(pieces))
        if not text:
            return None, boxes
        kind, level = _kind(text, look)
        return Piece(text, kind, level, look.size, look.bold), boxes

    def _pieces(self, element: Any) -> tuple[list[str], list[Any]]:
        """The text of an inline element, and the text boxes anchored in it."""
        pieces: list[str] = []
        boxes: list[Any] = []
        stack = [element]
        while stack:
            node = stack.pop()
            tag = node.tag if isinstance(node.tag, str) else ""
            if tag == _TEXT_BOX:
                boxes.append(node)
            elif tag in (f"{_W}del", f"{_W}moveFrom"):
                self._deleted += 1
            elif tag == f"{_W}r" and self._styles.is_hidden(node):
                self._hidden += 1
            elif tag in _GONE or tag.endswith(_FALLBACK):  # Word stores a text box twice
                continue
            elif (piece := _leaf(node, tag)) is not None:
                pieces.append(piece)
            else:
                stack.extend(reversed(node))
        return pieces, boxes

    def _table(self, element: Any) -> None:
        rows: list[list[Cell]] = []
        copies: list[list[bool]] = []
        above: dict[int, Cell] = {}  # what a vertically merged cell holds, by its column
        nested: list[Any] = []
        for row in _rows(element):
            cells, copied, above = self._row(row, above, nested)
            rows.append(cells)
            copies.append(copied)
        if any(any(row) for row in rows):
            self.writer.add_grid(rows, copies, region="table" if self.region == "body" else self.region)
        for inner in nested:
            self._table(inner)

    def _row(
        self, row: Any, above: dict[int, Cell], nested: list[Any]
    ) -> tuple[list[Cell], list[bool], dict[int, Cell]]:
        """A row's cells in the grid, which of them are copies, and what its merged cells go on with."""
        before = min(_number(row.find(f"{_W}trPr/{_W}gridBefore"), 0), limits.MAX_COLUMNS)
        cells: list[Cell] = [[] for _ in range(before)]
        copied = [False] * before
        merged: dict[int, Cell] = {}
        for element in _cells(row):
            span = max(1, min(_number(element.find(f"{_W}tcPr/{_W}gridSpan"), 1), limits.MAX_COLUMNS - len(cells)))
            merge = element.find(f"{_W}tcPr/{_W}vMerge")
            goes_on = merge is not None and merge.get(f"{_W}val") != "restart"
            cell = above.get(len(cells), []) if goes_on else list(self._cell(element, nested))
            if merge is not None:
                merged[len(cells)] = cell
            cells += [cell] * span
            copied += [goes_on, *[True] * (span - 1)]
        return cells, copied, merged

    def _cell(self, element: Any, nested: list[Any]) -> Iterator[Piece]:
        """The paragraphs of a cell, each on one line; the tables in it go to `nested`."""
        for child in _unwrapped(element):
            if child.tag == f"{_W}tbl":
                nested.append(child)
            elif child.tag == f"{_W}p":
                piece, boxes = self._piece_of(child)
                if piece:
                    yield replace(piece, text=" ".join(piece.text.split()))
                for box in boxes:
                    yield from self._cell(box, nested)


def _kind(text: str, look: Look) -> tuple[BlockKind, int]:
    if look.heading:
        return "heading", look.heading
    if look.list_level or MARKER.match(text):
        return "item", max(look.list_level, 1)
    is_short = len(text) < _LONGEST_HEADING and not text.endswith((".", ",", ";"))
    if is_short and (look.bold or look.size > 1.2):
        return "heading", 3 if look.size <= 1.2 else 2
    return "paragraph", 0


def _leaf(node: Any, tag: str) -> str | None:
    """What a leaf of a run reads as; `None` for what may hold more."""
    if tag == f"{_W}t":
        return node.text or ""
    if tag in (f"{_W}tab", f"{_W}ptab"):
        return "\t"
    if tag in (f"{_W}br", f"{_W}cr"):
        return "\n"
    return "-" if tag == f"{_W}noBreakHyphen" else None


def _lines(text: str) -> str:
    """Without white space at the ends of lines; runs of it are one blank, tabs stay."""
    lines = (re.sub(r"[^\S\t\n]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _rows(table: Any) -> Iterator[Any]:
    for row in _unwrapped(table):
        deleted = row.tag == f"{_W}tr" and row.find(f"{_W}trPr/{_W}del") is not None
        if row.tag == f"{_W}tr" and not deleted:
            yield row


def _cells(row: Any) -> Iterator[Any]:
    return (cell for cell in _unwrapped(row) if cell.tag == f"{_W}tc")


def _unwrapped(element: Any) -> Iterator[Any]:
    """Children, looking through content controls and the like."""
    for child in element:
        if child.tag in _WRAPPERS:
            yield from _unwrapped(child)
        else:
            yield child


def _number(element: Any, default: int) -> int:
    value = element.get(f"{_W}val") if element is not None else None
    return int(value) if value and value.isdigit() and len(value) < 6 else default
