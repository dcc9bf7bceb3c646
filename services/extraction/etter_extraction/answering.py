"""What the sandbox's child is asked and what it answers."""

from __future__ import annotations

from datetime import date

import msgspec

from etter_extraction.facts.model import Fact, Found
from etter_extraction.facts.people.columns import Mapped
from etter_extraction.facts.people.fields import Field
from etter_extraction.parsing.parsed import Note, Page, Parsed


class Request(msgspec.Struct, frozen=True):
    """`as_of` decides who has left and who starts later. `choices` are fields of columns, by their normal heading."""

    as_of: date
    choices: dict[str, Field] = {}


class Answer(msgspec.Struct, frozen=True):
    """A document's text and what it says. Blocks and tables stay in the child: nothing else needs them."""

    kind: str
    confidence: float
    pages: list[Page]
    facts: list[Fact]
    notes: list[Note]
    mappings: list[Mapped]

    @classmethod
    def of(cls, parsed: Parsed, found: Found) -> Answer:
        pages = [Page(one.number, one.label, one.text + found.more_text.get(one.number, "")) for one in parsed.pages]
        return cls(found.kind, found.confidence, pages, found.facts, [*parsed.notes, *found.notes], found.mappings)
