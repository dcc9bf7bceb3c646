"""A fact and where it stands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from etter_common.ids import new_id


class Span(msgspec.Struct, frozen=True):
    """A place in a page's stored text."""

    page: int
    start: int
    end: int
    quote: str


class Fact(msgspec.Struct, frozen=True):
    """`quote` is the page's text from `start` to `end`, to the letter; `confidence` 0..1."""

    id: UUID
    type: str
    value: Any  # text, or an object for `pay` and `role`
    confidence: float
    page: int
    start: int
    end: int
    quote: str
    group: str | None = None
    time_share: float | None = None


class Found(msgspec.Struct, frozen=True):
    kind: str  # job_description, headcount, other
    facts: list[Fact]
    warnings: list[str] = []


def fact(kind: str, value: Any, span: Span, confidence: float, **more: Any) -> Fact:
    return Fact(new_id(), kind, value, confidence, span.page, span.start, span.end, span.quote, **more)
