"""Messages between the worker, the process that forks readers, and a reader."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from etter_extraction.facts.model import Fact, Found
from etter_extraction.facts.people.columns import Mapped
from etter_extraction.facts.people.fields import Field
from etter_extraction.parsing.parsed import Note, Page, Parsed, Pictures

READY: Final = b"r"


class Ending(msgspec.Struct, frozen=True):
    """How a reader ended: `code` as in `subprocess`; `is_starved` where a death by signal was for want of memory."""

    code: int
    is_starved: bool = False


class Request(msgspec.Struct, frozen=True):
    """`as_of` decides who has left and who starts later. `choices` are fields of columns, by their normal heading."""

    as_of: date
    choices: dict[str, Field] = {}


class Task(msgspec.Struct, frozen=True):
    """`pictures`: read them, refuse a document that has pages of them with `no_text_layer`, or leave such pages out."""

    kind: str
    path: str
    filename: str
    request: Request
    pictures: Pictures = "leave_out"


class Refusal(msgspec.Struct, frozen=True):
    reason: str
    detail: str = ""


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
