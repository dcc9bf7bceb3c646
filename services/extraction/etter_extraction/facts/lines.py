"""A document's text as lines with their places, and the items (bullets, sentences) they make up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etter_extraction.facts.model import Span
from etter_extraction.parsing.parsed import Parsed

BULLET = re.compile(r"^\s*(?:[•●▪◦‣·∙*–—-]|o(?=\s{1,3}[A-Z])|\uf0b7|\d{1,2}[.)]|[a-z][.)])\s+")
_PAGE_FURNITURE = re.compile(r"^(page\s+\d+(\s+of\s+\d+)?|\d+\s*/\s*\d+|\d{1,3})$", re.IGNORECASE)
_ENDS = (".", ";", ":", "!", "?")


@dataclass(frozen=True)
class Line:
    page: int
    start: int
    text: str

    @property
    def clean(self) -> str:
        return " ".join(self.text.split())

    @property
    def is_bullet(self) -> bool:
        return bool(BULLET.match(self.text))


@dataclass(frozen=True)
class Item:
    """One bullet or sentence, perhaps over several lines."""

    text: str
    span: Span


def lines_of(parsed: Parsed) -> list[Line]:
    """All lines of the text proper; the tables' own pages repeat what stands in it."""
    tables = {sheet.page for sheet in parsed.sheets}
    texts = [page for page in parsed.pages if page.number not in tables or len(parsed.pages) == len(tables)]
    found = []
    for page in texts:
        start = 0
        for text in page.text.split("\n"):
            if text.strip() and not _PAGE_FURNITURE.match(text.strip()):
                found.append(Line(page.number, start, text))
            start += len(text) + 1
    return found


def items_of(lines: Sequence[Line], pages: dict[int, str]) -> Iterator[Item]:
    """Join the lines that belong together: a bullet and what wraps below it."""
    block: list[Line] = []
    for line in lines:
        if block and not _continues(block[-1], line):
            yield _item(block, pages)
            block = []
        block.append(line)
    if block:
        yield _item(block, pages)


def _continues(before: Line, line: Line) -> bool:
    if line.is_bullet or line.page != before.page or "\t" in line.text or re.match(r"^\s*\(?\d{1,3}\s?%", line.text):
        return False
    first = line.text.strip()[:1]
    return (
        first.islower()
        or first in "(&"
        or (
            not before.clean.endswith(_ENDS)
            and before.clean.endswith((",", "and", "or", "of", "the", "to", "with", "for", "in"))
        )
    )


def _item(block: Sequence[Line], pages: dict[int, str]) -> Item:
    first, last = block[0], block[-1]
    marker = BULLET.match(first.text)
    lead = marker.end() if marker else len(first.text) - len(first.text.lstrip())
    start, end = first.start + lead, last.start + len(last.text.rstrip())
    quote = pages[first.page][start:end]
    return Item(" ".join(quote.split()), Span(first.page, start, end, quote))
