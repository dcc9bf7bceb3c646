"""ODT: headings, paragraphs, lists and tables of OpenDocument text, as they are once tracked changes are accepted."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Note, Parsed, Region
from etter_extraction.parsing.readers.office import office_part, open_office
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source
from etter_extraction.parsing.writing import MARKER, Cell, PageWriter, Piece

OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_DRAW: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_FO: Final = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_MANIFEST: Final = "META-INF/manifest.xml"
_POINTS: Final = re.compile(r"([\d.]{1,8})pt")
_SKIPPED: Final = frozenset(f"{_TEXT}{name}" for name in ("tracked-changes", "table-of-content", "sequence-decls"))
_ASIDE: Final = frozenset({f"{_TEXT}note", f"{OFFICE}annotation"})
_LONGEST_HEADING: Final = 80


@dataclass(frozen=True, slots=True)
class _Look:
    size: float = 12.0
    bold: bool = False
    hidden: bool = False


def read(path: Source, kind: str) -> Parsed:
    with open_document(path) as archive:
        root = office_part(archive, "content.xml")
        named = office_part(archive, "styles.xml") if "styles.xml" in archive.namelist() else None
    body = root.find(f"{OFFICE}body/{OFFICE}text")
    if body is None:
        raise Refused("damaged", "the document has no text body")
    main = PageWriter(1, "body")
    composer = _Composer(main, _looks([root] if named is None else [named, root]))
    composer.container(body)
    margins = PageWriter(2, "headers, footers and notes", first_table=len(main.tables))
    composer.aside(margins, named)
    writers = [one for one in (main, margins) if one.number == 1 or one.size]
    blocks = [block for one in writers for block in one.blocks]
    if not blocks:
        raise Refused("empty", "the document has no text")
    message = "Text that a tracked change deletes was left out."
    deleted = len(root.findall(f".//{_TEXT}tracked-changes//{_TEXT}deletion"))
    notes = [Note("TRACKED_DELETIONS_LEFT_OUT", message, deleted)] if deleted else []
    tables = [table for one in writers for table in one.tables]
    return Parsed(kind, [one.page() for one in writers], blocks, tables, notes=notes)


def open_document(path: Source) -> zipfile.ZipFile:
    """The archive of an OpenDocument file. Raises `Refused` where it is protected."""
    archive = open_office(path)
    if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
        raise Refused("encrypted")
    return archive


def _looks(roots: list[Any]) -> dict[str, _Look]:
    """Styles by name, with what they inherit."""
    found: dict[str, _Look] = {}
    for root in roots:
        for style in root.iter(f"{STYLE}style"):
            parent = found.get(style.get(f"{STYLE}parent-style-name", ""), _Look())
            text = style.find(f"{STYLE}text-properties")
            if text is None:
                found[style.get(f"{STYLE}name", "")] = parent
                continue
            size = _POINTS.fullmatch(text.get(f"{_FO}font-size", ""))
            weight = text.get(f"{_FO}font-weight")
            found[style.get(f"{STYLE}name", "")] = _Look(
                float(size[1]) if size and size[1].count(".") < 2 else parent.size,
                weight in ("bold", "600", "700", "800", "900") if weight else parent.bold,
                text.get(f"{_TEXT}display") == "none" or parent.hidden,
            )
    return found


class _Composer:
    """Writes what holds paragraphs, lists and tables; notes are kept for later."""

    def __init__(self, writer: PageWriter, looks: dict[str, _Look]) -> None:
        self.writer = writer
        self._looks = looks
        self._size = looks.get("Standard", _Look()).size
        self._asides: list[Any] = []
        self._region: Region = "body"

    def container(self, element: Any, depth: int = 0) -> None:
        for child in element:
            if not isinstance(child.tag, str) or child.tag in _SKIPPED:
                continue
            if child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                self._paragraph(child, depth)
            elif child.tag == f"{TABLE}table":
                self._table(child)
            elif child.tag == f"{_TEXT}list":
                self.container(child, min(depth + 1, 9))
            else:  # list items, sections, frames, text boxes
                self.container(child, depth)

    def aside(self, writer: PageWriter, styles: Any) -> None:
        """Write headers, footers, footnotes and comments to a page of their own."""
        self.writer, self._region = writer, "margin"
        tags = [f"{STYLE}{name}" for name in ("header", "footer", "header-first", "footer-first")]
        for part in styles.iter(*tags) if styles is not None else ():
            self.container(part)
        self._region = "note"
        for note in self._asides:
            self.container(note)

    def _paragraph(self, element: Any, depth: int) -> None:
        piece, boxes = self._piece(element, depth)
        if piece is not None:
            self.writer.add_piece(piece, region=self._region)
        for box in boxes:
            self.container(box)

    def _piece(self, element: Any, depth: int = 0) -> tuple[Piece | None, list[Any]]:
        parts: list[str] = []
        boxes: list[Any] = []
        bold = self._collect(element, parts, boxes, is_bold=self._look(element).bold)
        text = "\n".join(line for part in "".join(parts).split("\n") if (line := " ".join(part.split(" ")).strip()))
        if not text:
            return None, boxes
        look = self._look(element)
        size = round(look.size / self._size, 2)
        level = element.get(f"{_TEXT}outline-level", "1")
        if element.tag == f"{_TEXT}h":
            return Piece(text, "heading", int(level) if level.isdigit() else 1, size, bold=True), boxes
        if depth or MARKER.match(text):
            return Piece(text, "item", max(depth, 1), size, bold), boxes
        is_heading = len(text) < _LONGEST_HEADING and not text.endswith((".", ",", ";")) and (bold or size > 1.2)
        return Piece(
            text, "heading" if is_heading else "paragraph", (2 if size > 1.2 else 3) * is_heading, size, bold
        ), boxes

    def _look(self, element: Any) -> _Look:
        return self._looks.get(element.get(f"{_TEXT}style-name", ""), _Look(self._size))

    def _collect(self, element: Any, parts: list[str], boxes: list[Any], *, is_bold: bool) -> bool:
        """Gather the text of an inline element; whether all of it is bold."""
        all_bold = is_bold or not (element.text or "").strip()
        parts.append(_collapsed(element.text))
        for child in element:
            if child.tag == f"{_TEXT}s":
                count = child.get(f"{_TEXT}c", "1")
                parts.append(" " * min(int(count) if count.isdigit() else 1, 100))
            elif child.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
                parts.append("\t" if child.tag == f"{_TEXT}tab" else "\n")
            elif child.tag in _ASIDE:
                self._asides.append(child)
            elif child.tag == f"{_DRAW}frame":
                boxes += child.findall(f"{_DRAW}text-box")
            elif isinstance(child.tag, str) and not self._look(child).hidden:
                inner = is_bold or (child.tag == f"{_TEXT}span" and self._look(child).bold)
                all_bold &= self._collect(child, parts, boxes, is_bold=inner)
            all_bold &= is_bold or not (child.tail or "").strip()
            parts.append(_collapsed(child.tail))
        return all_bold

    def _table(self, table: Any) -> None:
        rows: list[list[Cell]] = []
        nested: list[Any] = []
        for row in table.iter(f"{TABLE}table-row"):
            if next(row.iterancestors(f"{TABLE}table")) is not table:
                continue
            cells: list[Cell] = []
            for cell in row:
                if cell.tag in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                    found = list(self._cell(cell, nested)) if cell.tag == f"{TABLE}table-cell" else []
                    repeated = cell.get(f"{TABLE}number-columns-repeated", "1")
                    times = int(repeated) if found and repeated.isdigit() else 1
                    cells += [found] * min(times, limits.MAX_COLUMNS - len(cells))
            rows.append(cells)
        if any(any(row) for row in rows):
            self.writer.add_grid(rows, region="table" if self._region == "body" else self._region)
        for inner in nested:
            self._table(inner)

    def _cell(self, element: Any, nested: list[Any]) -> Iterator[Piece]:
        for child in element:
            if child.tag == f"{TABLE}table":
                nested.append(child)
            elif child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                piece, boxes = self._piece(child)
                if piece is not None:
                    yield Piece(" ".join(piece.text.split()), piece.kind, piece.level, piece.size, piece.bold)
                for box in boxes:
                    yield from self._cell(box, nested)
            elif child.tag in (f"{_TEXT}list", f"{_TEXT}list-item", f"{_TEXT}section"):
                for piece in self._cell(child, nested):
                    yield Piece(piece.text, "item", 1, piece.size, piece.bold)


def _collapsed(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")
