"""A document as the units that are labelled: headings, list items, cells and sentences, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from etter_extraction.facts.model import Span
from etter_extraction.parsing.parsed import Block, Page, Parsed

_SHORT_FORMS = (
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\b[Dd]r)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bSt)(?<!\bNo)(?<!\bvs)(?<!\bU\.S)(?<!\b[A-Z])"
)
_SENTENCE = re.compile(
    rf"{_SHORT_FORMS}[.!?][)”\"']?\s{{1,9}}(?=[A-Z(“\"•\d])|\s{{1,9}}[•●▪]\s{{1,9}}|"
    rf";\s{{1,9}}(?=(?:and\s{{1,9}})?\w)"
)
_RUN = re.compile(r"\S{1,500}")
_AROUND: Final = ".,:;!?()[]\"'“”‘’£$€|"
_SHORTEST_PART: Final = 12
_SKIPPED: Final = 6
"""Characters of the source, such as a hyphen at a line's end, that the text of a block may leave out in one place."""


@dataclass(frozen=True)
class Unit:
    """`text` is part of `block.text` from `offset`; `position` counts the units of the block."""

    block: Block
    text: str
    offset: int = 0
    position: int = 0
    of: int = 1

    @property
    def is_heading(self) -> bool:
        return self.block.kind == "heading"

    @property
    def is_item(self) -> bool:
        return self.block.kind == "item"

    @property
    def in_table(self) -> bool:
        return self.block.region == "table"


def units_of(parsed: Parsed) -> list[Unit]:
    """Blocks in reading order without headers and footers; running text cut into sentences."""
    return [unit for block in parsed.blocks if block.region in ("body", "table") for unit in cut(block)]


def cut(block: Block) -> Iterator[Unit]:
    if block.kind != "paragraph" or len(block.text) < 60:
        yield Unit(block, block.text)
        return
    parts = list(_sentences(block.text))
    for number, (start, text) in enumerate(parts):
        yield Unit(block, text, start, number, len(parts))


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    listed = text.count("; ") >= 2
    start = 0
    for match in _SENTENCE.finditer(text):
        if match[0][0] == ";" and not listed:
            continue
        end = match.start() + (0 if match[0].strip() in "•●▪" else len(match[0].rstrip()))
        if end - start >= _SHORTEST_PART or match[0].strip() in "•●▪":
            yield start, text[start:end]
            start = match.end()
    if text[start:].strip():
        yield start, text[start:]


class Places:
    """Finds the place in the stored text of a part of a block. A block's text leaves out line breaks and hyphens."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._texts = {page.number: page.text for page in pages}
        self._maps: dict[tuple[int, int, int], list[int] | None] = {}

    @property
    def first(self) -> int:
        """The number of the first page."""
        return next(iter(self._texts), 1)

    @cached_property
    def whole(self) -> str:
        return "\n".join(self._texts.values())

    def of(self, block: Block, start: int, end: int) -> Span:
        """The place of `block.text[start:end]`; the whole block where the texts do not line up."""
        source = self._texts[block.page]
        key = (block.page, block.start, block.end)
        if key not in self._maps:
            self._maps[key] = _aligned(block.text, source, block.start, block.end)
        places = self._maps[key]
        part = block.text[start:end]
        first, last = start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip())) - 1
        if places is None or first > last:
            return Span(block.page, block.start, block.end, source[block.start : block.end])
        return Span(block.page, places[first], places[last] + 1, source[places[first] : places[last] + 1])

    def of_unit(self, unit: Unit) -> Span:
        return self.of(unit.block, unit.offset, unit.offset + len(unit.text))

    def of_cell(self, page: int, start: int, cell: str) -> Span:
        """The place of a table's cell at or after `start`; an empty one where the text does not hold it."""
        at = self._texts[page].find(cell, max(start, 0))
        return (
            Span(page, at, at + len(cell), cell) if at >= 0 and cell else Span(page, max(start, 0), max(start, 0), "")
        )

    def find(self, words: str) -> Span | None:
        """The first place of `words` in any page, whatever white space is between them."""
        wanted = words.lower().split()
        for page, tokens in self._tokens.items():
            for at in range(len(tokens) - len(wanted) + 1 if wanted else 0):
                if all(_same(tokens[at + step], word) for step, word in enumerate(wanted)):
                    return self._between(page, tokens[at], tokens[at + len(wanted) - 1], wanted)
        return None

    @cached_property
    def _tokens(self) -> dict[int, list[re.Match[str]]]:
        return {page: list(_RUN.finditer(text)) for page, text in self._texts.items()}

    def _between(self, page: int, first: re.Match[str], last: re.Match[str], wanted: Sequence[str]) -> Span:
        text = self._texts[page]
        start = first.start() + first[0].lower().index(wanted[0])
        end = last.start() + last[0].lower().rindex(wanted[-1]) + len(wanted[-1])
        return Span(page, start, end, text[start:end])


def _same(token: re.Match[str], word: str) -> bool:
    """The same word, perhaps with punctuation or a currency sign around it."""
    return word in token[0].lower() and token[0].lower().strip(_AROUND) == word.strip(_AROUND)


def _aligned(text: str, source: str, start: int, end: int) -> list[int] | None:
    """For each character of `text` its offset in `source`; white space has that of the character before it."""
    places: list[int] = []
    at = start
    for char in text:
        if char.isspace():
            places.append(places[-1] if places else at)
            continue
        skipped = 0
        while at < end and source[at] != char:
            skipped += not source[at].isspace()
            if skipped > (_SKIPPED if places else 12):
                return None
            at += 1
        if at >= end:
            return None
        places.append(at)
        at += 1
    return places
