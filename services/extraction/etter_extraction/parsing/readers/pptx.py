"""PPTX: a page per slide with its shapes, tables and notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Page, Parsed, Sheet, sheet_of
from etter_extraction.parsing.refusal import Refused

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(path: Path, kind: str) -> Parsed:
    deck = Presentation(str(path))
    if len(deck.slides) > limits.MAX_PAGES:
        raise Refused("too_many_pages", f"more than {limits.MAX_PAGES} slides")
    pages: list[Page] = []
    headings: list[str] = []
    tables: list[list[list[str]]] = []
    for number, slide in enumerate(deck.slides, start=1):
        lines = _lines(slide, tables)
        if slide.shapes.title is not None and slide.shapes.title.text.strip():
            headings.append(slide.shapes.title.text.strip())
        pages.append(Page(number, f"slide {number}", "\n".join(lines)))
    if not any(page.text.strip() for page in pages):
        raise Refused("empty", "the slides have no text")
    sheets: list[Sheet] = []
    for number, rows in enumerate(tables, start=1):
        page, sheet = sheet_of(f"table {number}", len(pages) + 1, rows)
        pages.append(page)
        sheets.append(sheet)
    return Parsed(kind=kind, pages=pages, sheets=sheets, headings=headings)


def _lines(slide: Any, tables: list[list[list[str]]]) -> list[str]:
    """The slide's text and notes; its tables go to `tables` too."""
    lines: list[str] = []
    for shape in _shapes(slide.shapes):
        if shape.has_text_frame:
            lines.append(shape.text_frame.text)
        if getattr(shape, "has_table", False):
            rows = _rows(shape.element)
            tables.append(rows)
            lines += ["\t".join(row) for row in rows]
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame:
        lines.append(slide.notes_slide.notes_text_frame.text)
    return lines


def _rows(table: Any) -> list[list[str]]:
    """The cells' text, from the XML: `table.rows` looks through all rows for each of them."""
    return [[_text(cell) for cell in row.iter(f"{_A}tc")] for row in table.iter(f"{_A}tr")]


def _text(cell: Any) -> str:
    paragraphs = (list(p.iter(f"{_A}t", f"{_A}br")) for p in cell.iter(f"{_A}p"))
    return "\n".join("".join(" " if n.tag.endswith("br") else n.text or "" for n in nodes) for nodes in paragraphs)


def _shapes(shapes: Any) -> Iterator[Any]:
    for shape in shapes:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _shapes(shape.shapes)
        else:
            yield shape
