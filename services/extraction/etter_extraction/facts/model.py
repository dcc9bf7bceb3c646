"""A fact and where it stands in the document."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from etter_extraction.facts.people.columns import Mapped
from etter_extraction.parsing.parsed import Note

_FACTS = uuid5(NAMESPACE_URL, "https://etter.example/facts")


class Span(msgspec.Struct, frozen=True):
    """A place in a page's stored text: `quote` is the text from `start` to `end`, to the letter."""

    page: int
    start: int
    end: int
    quote: str


class Concept(msgspec.Struct, frozen=True):
    """The entry of the taxonomy of skills that a skill is linked to; `score` 0..1."""

    uri: str | None
    label: str
    score: float


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """`quote` is the page's text from `start` to `end`, to the letter; `confidence` 0..1.

    `role` counts the roles of a document from 0. `flags` are codes of what makes the fact doubtful; a flagged fact is
    never accepted in bulk. `details` is what the text says next to the value, such as the hours that pay is for. The id
    depends on type, place and value only, so that the same file gives the same ids.
    """

    id: UUID
    type: str
    value: Any  # text, or an object for `pay` and `role`
    confidence: float
    page: int
    start: int
    end: int
    quote: str
    role: int = 0
    group: str | None = None
    time_share: float | None = None
    flags: list[str] = []
    concept: Concept | None = None
    details: dict[str, Any] = {}


class Found(msgspec.Struct, frozen=True):
    """`kind` is a suggestion: job_description, headcount, resume or other. No fact is dropped because of it.

    `mappings` say how tables of people were read. `more_text` is what a page's stored text gains, by its number: the
    rows of a long table that facts stand on.
    """

    kind: str
    facts: list[Fact]
    confidence: float = 1.0
    notes: list[Note] = []
    mappings: list[Mapped] = []
    more_text: dict[int, str] = {}


def fact(kind: str, value: Any, span: Span, confidence: float, **more: Any) -> Fact:
    key = f"{kind}|{span.page}|{span.start}|{span.end}|{more.get('role', 0)}|{msgspec.json.encode(value).decode()}"
    return Fact(uuid5(_FACTS, key), kind, value, confidence, span.page, span.start, span.end, span.quote, **more)
