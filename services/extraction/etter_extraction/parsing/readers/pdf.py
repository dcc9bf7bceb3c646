"""PDF: text by PDFium, whose character numbers are our offsets."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from pypdfium2 import PdfiumError

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Page, Parsed
from etter_extraction.parsing.refusal import Refused

_PASSWORD = "password"  # noqa: S105 - a word in PDFium's message


def read(path: Path, kind: str) -> Parsed:
    try:
        document = pypdfium2.PdfDocument(path)
    except PdfiumError as error:
        reason = "encrypted" if _PASSWORD in str(error).lower() else "damaged"
        raise Refused(reason, "the PDF cannot be opened") from error
    count = len(document)
    if count == 0:
        raise Refused("damaged", "the PDF has no pages")
    if count > limits.MAX_PAGES:
        raise Refused("too_many_pages", f"{count} pages; at most {limits.MAX_PAGES}")
    pages, total = [], 0
    for number in range(count):
        text = _text(document, number)
        total += len(text)
        if total > limits.MAX_TEXT:
            raise Refused("too_many_pages", f"more than {limits.MAX_TEXT} characters")
        pages.append(Page(number + 1, f"page {number + 1}", text))
    if not any(page.text.strip() for page in pages):
        raise Refused("no_text_layer", "the pages hold pictures only")
    return Parsed(kind=kind, pages=pages)


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        text_page = page.get_textpage()
        text: str = text_page.get_text_range(0, text_page.count_chars()) if text_page.count_chars() else ""
    except PdfiumError:
        return ""
    return (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\ufffe", "-").replace("\u00ad", "")
    )
