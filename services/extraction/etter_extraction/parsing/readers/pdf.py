"""PDF: words with boxes, size and weight by PDFium; columns, tables and paragraphs by `layout`."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pypdfium2
from msgspec.structs import replace
from pypdfium2 import PdfiumError, raw

from etter_extraction.parsing import limits
from etter_extraction.parsing.layout import DESCENT, Grid, Line, Word, lines_of, parts_of
from etter_extraction.parsing.paragraphs import HYPHENS, Paragraph, paragraphs_of
from etter_extraction.parsing.parsed import Block, Box, Note, Page, Parsed, Pictures, Region, Table
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source
from etter_extraction.parsing.writing import PageWriter, Piece

_PASSWORD: Final = "password"  # noqa: S105 - a word in PDFium's message
_BOLD_NAME: Final = re.compile(rb"bold|black|heavy|[-,]bd|semibold|demi", re.IGNORECASE)
_SYMBOL_NAME: Final = re.compile(rb"symbol|dings|dingbat|bullet|awesome|icons?\b|marlett", re.IGNORECASE)
_MARGIN: Final = 0.09
_LONGEST_SIDE: Final = 4000.0
_PICTURE: Final = 0.1
_MANY_SHAPES: Final = 200
_WORD: Final = re.compile(r"[^\s\x00]+")
_DIGITS: Final = re.compile(r"\d+")
_PAGE_NUMBER: Final = re.compile(r"^(page\s+)?\d{1,4}(\s*(of|/)\s*\d{1,4})?$|^-\s*\d{1,4}\s*-$", re.IGNORECASE)
_VISIBLE_HYPHEN: Final = dict.fromkeys(map(ord, HYPHENS), "-")


@dataclass(slots=True)
class Sheet:
    """A printed page: its words in the body, and the lines of its header and footer."""

    number: int
    height: float
    words: list[Word]
    margins: list[Line]


def read(path: Source, kind: str, *, pictures: Pictures = "leave_out") -> Parsed:
    document = _open(path)
    sheets = [_sheet(document, number) for number in range(len(document))]
    has_words = any(sheet.words for sheet in sheets)
    bare = [sheet for sheet in sheets if not sheet.words]
    scans = [sheet for sheet in bare if not has_words or _is_picture(document, sheet.number - 1)]
    recognised = 0
    if scans and pictures == "refuse":
        raise Refused("no_text_layer", f"{len(scans)} of {len(sheets)} pages are pictures")
    if scans and pictures == "read":
        recognised = _recognise(document, scans, is_all=not has_words)
    parsed = compose(kind, sheets, recognised=recognised)
    if len(scans) == recognised:
        return parsed
    message = "Pages that are pictures were left out."
    left = [f"page {sheet.number}" for sheet in scans[recognised:]]
    return replace(parsed, notes=[*parsed.notes, Note("PICTURES_LEFT_OUT", message, len(left), left[:5])])


def compose(kind: str, sheets: Sequence[Sheet], *, recognised: int = 0) -> Parsed:
    """Printed pages as text, blocks and tables; `recognised` of them by their pictures."""
    if not any(sheet.words for sheet in sheets):
        raise Refused("no_text_layer", "no words were found on the pages")
    _drop_repeated(sheets)
    body_size = _body_size(sheets)
    pages: list[Page] = []
    blocks: list[Block] = []
    tables: list[Table] = []
    total = 0
    for sheet in sheets:
        writer = _compose(sheet, body_size, first_table=len(tables))
        pages.append(writer.page())
        blocks += writer.blocks
        tables += writer.tables
        total += writer.size
        if total > limits.MAX_TEXT:
            raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
    message = "Words were recognised on pictures of pages. Check figures and names."
    notes = [Note("TEXT_WAS_RECOGNISED", message, recognised)] if recognised else []
    return Parsed(kind=kind, pages=pages, blocks=blocks, tables=tables, notes=notes)


def _open(path: Source) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(path if isinstance(path, Path) else path.read_bytes())
    except PdfiumError as error:
        reason = "encrypted" if _PASSWORD in str(error).lower() else "damaged"
        raise Refused(reason, "the PDF cannot be opened") from error
    count = len(document)
    if count == 0:
        raise Refused("damaged", "the PDF has no pages")
    if count > limits.MAX_PAGES:
        raise Refused("too_many_pages", f"{count} pages; at most {limits.MAX_PAGES}")
    return document


def _sheet(document: pypdfium2.PdfDocument, number: int) -> Sheet:
    try:
        page = document[number]
        text_page = page.get_textpage()
        words = list(_words(text_page))
        height = float(page.get_height())
    except PdfiumError:  # one damaged page does not cost the others
        return Sheet(number + 1, 0.0, [], [])
    return Sheet(number + 1, height, words, [])


def _is_picture(document: pypdfium2.PdfDocument, number: int) -> bool:
    """Whether a page without words shows what may be words: a large picture, or many drawn shapes."""
    try:
        page = document[number]
        whole, shapes = math.prod(page.get_size()), 0
        for shown in page.get_objects(max_depth=3):
            left, bottom, right, top = shown.get_bounds()
            if shown.type == raw.FPDF_PAGEOBJ_IMAGE and (right - left) * (top - bottom) > _PICTURE * whole:
                return True
            shapes += 1
    except PdfiumError:
        return False
    return shapes > _MANY_SHAPES


def _recognise(document: pypdfium2.PdfDocument, scans: Sequence[Sheet], *, is_all: bool) -> int:
    """Put the words that recognition finds on these pages, as many as the limit allows; how many."""
    from etter_extraction.parsing.readers.ocr import DPI, words_of  # only where pictures are read

    if is_all and len(scans) > limits.MAX_SCANNED_PAGES:
        raise Refused("too_many_pages", f"{len(scans)} scanned pages; at most {limits.MAX_SCANNED_PAGES}")
    for sheet in scans[: limits.MAX_SCANNED_PAGES]:
        page = document[sheet.number - 1]
        scale = min(DPI / 72, _LONGEST_SIDE / max(*page.get_size(), 1.0))
        picture = page.render(scale=scale).to_numpy()[:, :, :3]
        sheet.words = words_of(np.ascontiguousarray(picture), 1 / scale)
    return min(len(scans), limits.MAX_SCANNED_PAGES)


def _words(text_page: pypdfium2.PdfTextPage) -> Iterator[Word]:
    """The page's words in PDFium's order. What a font of symbols draws in front of a line is a bullet.

    Every call into PDFium costs as much as reading a few words, so baseline, size and font are asked for once a line
    of PDFium's and again after a colon, where a bold label often ends.
    """
    count = text_page.count_chars()
    text = text_page.get_text_range(0, count) if count else ""
    glyphs = _Glyphs(text_page.raw)
    offset = 0
    for line in text.split("\n"):
        is_label, style = True, _NO_STYLE
        for match in _WORD.finditer(line):
            word, first, last = match[0], offset + match.start(), offset + match.end() - 1
            symbols = 0
            if is_label:
                symbols = glyphs.symbols(first, last) if style is _NO_STYLE else 0
                style = glyphs.style(min(first + symbols, last))
            if symbols:
                yield glyphs.word("•", first, first + symbols - 1, style)
            if symbols < len(word):
                yield glyphs.word(word[symbols:], first + symbols, last, style)
            is_label = word.endswith(":") or not any(map(str.isalnum, word[symbols:]))
        offset += len(line) + 1


@dataclass(frozen=True, slots=True)
class _Style:
    baseline: float = 0.0
    size: float = 0.0
    bold: bool = False


_NO_STYLE: Final = _Style()
_char_box: Final = raw.FPDFText_GetCharBox


class _Glyphs:
    """PDFium's answers about single characters of a page."""

    def __init__(self, handle: object) -> None:
        self._handle = handle
        self._box = [ctypes.c_double() for _ in range(4)]
        self._into = [ctypes.pointer(one) for one in self._box]  # made once: a call that makes them takes twice as long
        self._origin = (ctypes.c_double(), ctypes.c_double())
        self._matrix = raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(64)
        self._flags = ctypes.c_int()

    def word(self, text: str, first: int, last: int, style: _Style) -> Word:
        left, right = self._box[:2]
        _char_box(self._handle, first, *self._into)
        start, end = left.value, right.value
        if last != first:
            _char_box(self._handle, last, *self._into)
            start, end = min(start, left.value), max(end, right.value)
        low, high = style.baseline - DESCENT * style.size, style.baseline + (1 - DESCENT) * style.size
        return Word(text, start, low, end, high, style.size, style.bold)

    def style(self, index: int) -> _Style:
        """Size in points as printed: the font's size times the scale it is drawn at."""
        raw.FPDFText_GetCharOrigin(self._handle, index, *self._origin)
        size = float(raw.FPDFText_GetFontSize(self._handle, index))
        if raw.FPDFText_GetMatrix(self._handle, index, self._matrix):
            size *= math.hypot(self._matrix.b, self._matrix.d) or 1.0
        bold = bool(_BOLD_NAME.search(self._font(index)))
        return _Style(self._origin[1].value, min(max(size, 1.0), 200.0), bold)

    def symbols(self, first: int, last: int) -> int:
        """How many characters from `first` on a font of symbols draws."""
        count = 0
        while count < 4 and first + count <= last and _SYMBOL_NAME.search(self._font(first + count)):
            count += 1
        return count

    def _font(self, index: int) -> bytes:
        raw.FPDFText_GetFontInfo(self._handle, index, self._name, 64, self._flags)
        return self._name.value


def _drop_repeated(sheets: Sequence[Sheet]) -> None:
    """Lines at the top or bottom that come again on most pages are header and footer, page numbers as well."""
    edges = [_edge_lines(sheet) for sheet in sheets]
    counts = Counter(key for lines in edges for key in {_key(line) for line in lines})
    enough = max(2, (len(sheets) + 1) // 2)
    for sheet, lines in zip(sheets, edges, strict=True):
        repeated = [line for line in lines if counts[_key(line)] >= enough or _PAGE_NUMBER.match(line.text)]
        dropped = {id(word) for line in repeated for word in line.words}
        sheet.margins = repeated
        sheet.words = [word for word in sheet.words if id(word) not in dropped]


def _edge_lines(sheet: Sheet) -> list[Line]:
    low, high = _MARGIN * sheet.height, (1 - _MARGIN) * sheet.height
    return lines_of([word for word in sheet.words if word.top < low or word.bottom > high])


def _key(line: Line) -> str:
    return _DIGITS.sub("#", line.text)


def _body_size(sheets: Sequence[Sheet]) -> float:
    """The size that most characters have."""
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        for word in sheet.words:
            sizes[round(word.size, 1)] += len(word.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _compose(sheet: Sheet, body_size: float, *, first_table: int) -> PageWriter:
    """One page in reading order: columns as paragraphs, tables as rows, margins last."""
    writer = PageWriter(sheet.number, f"page {sheet.number}", first_table=first_table)
    for part in parts_of(sheet.words):
        if isinstance(part, Grid):
            writer.add_grid([[[_cell(lines, body_size)] if lines else [] for lines in row] for row in part.rows])
            continue
        for paragraph in paragraphs_of(part.lines, body_size):
            _write(writer, paragraph, body_size, "body")
    for line in sheet.margins:
        _write(writer, Paragraph("paragraph", [line]), body_size, "margin")
    return writer


def _write(writer: PageWriter, paragraph: Paragraph, body_size: float, region: Region) -> None:
    lines = paragraph.lines
    size = round(lines[0].size / body_size, 2)
    level = _level(size) if paragraph.kind == "heading" else 1 if paragraph.kind == "item" else 0
    bold = all(line.bold for line in lines)
    piece = Piece(paragraph.text, paragraph.kind, level, size, bold, _box(lines))
    writer.add_piece(piece, region=region, written="\n".join(_visible(line.text) for line in lines))


def _cell(lines: Sequence[Line], body_size: float) -> Piece:
    text = " ".join(_visible(line.text) for line in lines)
    bold = all(line.bold for line in lines)
    return Piece(text, size=round(lines[0].size / body_size, 2), bold=bold, box=_box(lines))


def _visible(text: str) -> str:
    return text.translate(_VISIBLE_HYPHEN)


def _level(size: float) -> int:
    return 1 if size >= 1.5 else 2 if size >= 1.12 else 3


def _box(lines: Sequence[Line]) -> Box:
    return (
        round(min(line.left for line in lines), 1), round(min(line.bottom for line in lines), 1),
        round(max(line.right for line in lines), 1), round(max(line.top for line in lines), 1),
    )  # fmt: skip
