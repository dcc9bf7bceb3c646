"""PPTX: a page per slide with its shapes from top to bottom, tables, diagrams and the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Block, Note, Page, Parsed, Table
from etter_extraction.parsing.readers.office import open_office
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source, given
from etter_extraction.parsing.writing import Cell, PageWriter, Piece

_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM: Final = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_TRUE: Final = ("1", "true")
_BULLETS: Final = ("buChar", "buAutoNum", "buBlip")
_PICTURES: Final = (MSO_SHAPE_TYPE.CHART, MSO_SHAPE_TYPE.PICTURE, MSO_SHAPE_TYPE.MEDIA)
_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def read(path: Source, kind: str) -> Parsed:
    with open_office(path):
        deck = Presentation(given(path))
    if len(deck.slides) > limits.MAX_PAGES:
        raise Refused("too_many_pages", f"more than {limits.MAX_PAGES} slides")
    pages: list[Page] = []
    blocks: list[Block] = []
    tables: list[Table] = []
    unread: list[str] = []
    total = 0
    for number, slide in enumerate(deck.slides, start=1):
        writer = PageWriter(number, f"slide {number}", first_table=len(tables))
        _write_slide(writer, slide, unread)
        pages.append(writer.page())
        blocks += writer.blocks
        tables += writer.tables
        total += writer.size
        if total > limits.MAX_TEXT:
            raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
    if not blocks:
        raise Refused("empty", "the slides have no text")
    message = "Charts, pictures and media may hold words that were not read."
    notes = [Note("GRAPHICS_NOT_READ", message, len(unread), sorted(set(unread))[:5])] if unread else []
    return Parsed(kind, pages, blocks, tables, notes=notes)


def _write_slide(writer: PageWriter, slide: Any, unread: list[str]) -> None:
    title = slide.shapes.title
    for shape in _shapes(slide.shapes):
        is_title = title is not None and shape.shape_id == title.shape_id
        if not _write_shape(writer, shape, is_title=is_title) and _is_graphic(shape):
            unread.append(f"slide {writer.number}: {shape.name}")
    notes = slide.notes_slide.notes_placeholder if slide.has_notes_slide else None
    if notes is not None:
        for piece in _pieces(notes.element):
            writer.add_piece(piece, region="note")


def _write_shape(writer: PageWriter, shape: Any, *, is_title: bool) -> bool:
    """Whether the shape is of a kind that can be read."""
    table = next(shape.element.iter(f"{_A}tbl"), None)
    if table is not None:
        writer.add_grid(*_grid(table))
        return True
    if shape.has_text_frame:
        pieces = list(_pieces(shape.element, is_title=is_title))
    else:
        pieces = [Piece(text, "item", 1) for text in _diagram(shape)]
    for piece in pieces:
        writer.add_piece(piece)
    return bool(shape.has_text_frame or pieces)


def _is_graphic(shape: Any) -> bool:
    return shape.shape_type in _PICTURES or str(shape.element.tag).endswith("}graphicFrame")


def _shapes(shapes: Any) -> Iterator[Any]:
    """From top to bottom and left to right, groups opened; what has no place comes as it is stored."""
    flat: list[Any] = []
    stack = list(shapes)
    while stack:
        shape = stack.pop(0)
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            stack = [*shape.shapes, *stack]
        else:
            flat.append(shape)
    yield from sorted(flat, key=lambda shape: (int(shape.top or 0) // 400_000, int(shape.left or 0)))


def _grid(table: Any) -> tuple[list[list[Cell]], list[list[bool]]]:
    """Cells by row and column; a cell that another one spans repeats it."""
    rows: list[list[Cell]] = []
    copies: list[list[bool]] = []
    for element in table.iter(f"{_A}tr"):
        cells: list[Cell] = []
        copied: list[bool] = []
        for cell in element.iter(f"{_A}tc"):
            beside, below = cell.get("hMerge") in _TRUE, cell.get("vMerge") in _TRUE
            if beside and cells:
                cells.append(cells[-1])
            elif below and rows and len(cells) < len(rows[-1]):
                cells.append(rows[-1][len(cells)])
            else:
                cells.append(list(_pieces(cell)))
            copied.append(beside or below)
        rows.append(cells)
        copies.append(copied)
    return rows, copies


def _pieces(element: Any, *, is_title: bool = False) -> Iterator[Piece]:
    for paragraph in element.iter(f"{_A}p"):
        text = " ".join("".join(_texts(paragraph)).split())
        if not text:
            continue
        if is_title:
            yield Piece(text, "heading", 1, 1.8)
            continue
        properties = paragraph.find(f"{_A}pPr")
        level = int(properties.get("lvl") or 0) + 1 if properties is not None else 1
        listed = level > 1 or (properties is not None and any(properties.find(_A + n) is not None for n in _BULLETS))
        runs = [run for run in paragraph.iter(f"{_A}r") if (run.findtext(f"{_A}t") or "").strip()]
        bold = bool(runs) and all(_is_bold(run) for run in runs)
        yield Piece(text, "item" if listed else "paragraph", level if listed else 0, bold=bold)


def _texts(paragraph: Any) -> Iterator[str]:
    for node in paragraph.iter(f"{_A}t", f"{_A}br", f"{_A}tab"):
        yield (node.text or "") if node.tag == f"{_A}t" else " "


def _is_bold(run: Any) -> bool:
    properties = run.find(f"{_A}rPr")
    return properties is not None and properties.get("b") in _TRUE


def _diagram(shape: Any) -> list[str]:
    """The texts of a SmartArt diagram, in the order of its data."""
    ids = next(shape.element.iter(f"{_DIAGRAM}relIds"), None)
    part = shape.part.rels.get(ids.get(f"{_R}dm")) if ids is not None else None
    if part is None or part.is_external:
        return []
    root = etree.fromstring(part.target_part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
    points = ("".join(text.text or "" for text in point.iter(f"{_A}t")) for point in root.iter(f"{_DIAGRAM}pt"))
    return [" ".join(text.split()) for text in points if text.strip()]
