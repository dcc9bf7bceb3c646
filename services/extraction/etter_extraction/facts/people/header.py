"""Where a table's heading is: not always in row 1, sometimes over several rows, sometimes with units below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from etter_extraction.facts.people.fields import Field, by_heading, normal

_LOOK_AT_ROWS: Final = 60
_DEEPEST: Final = 3
_LONGEST_HEADING: Final = 90
_NUMBER: Final = re.compile(r"[-+(]?[$£€]?\s?\d[\d.,\s]*%?\)?")
_UNIT: Final = re.compile(
    r"\(?(?:[A-Z]{3}|[$£€¥]|(?:in|en) [A-Z€£$]{1,3}|per (?:year|annum|month|hour|week|day)|p\.?a\.?|%|heads?|number|"
    r"count|text|hours?|persons?|people|annual|monthly|hourly|fte|name|code|k|'?000s?|thousands?)\)?",
    re.IGNORECASE,
)
_PEOPLE: Final[frozenset[Field]] = frozenset({
    "headcount", "fte", "salary", "hourly_rate", "pay_low", "person_id", "person_name", "department", "pay_period",
    "status", "level", "employment_type", "location", "parent_unit", "start_date",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """`headings` of the columns, the rows they stand in, and the first row below them."""

    headings: list[str]
    top: int
    first: int
    score: float


def header_of(rows: Sequence[Sequence[str]]) -> Header | None:
    """The rows that name most fields of people; `None` where no row names a title and something about people."""
    best: Header | None = None
    for top in range(min(len(rows), _LOOK_AT_ROWS)):
        for depth in range(1, _DEEPEST + 1):
            block = rows[top : top + depth]
            if len(block) < depth or any(_is_data(row) for row in block) or not any(block[0]):
                break
            header = _header(block, top, rows)
            if header and (best is None or header.score > best.score + 0.25):
                best = header
    return best


def is_repeated(row: Sequence[str], header: Header) -> bool:
    """A heading that is printed again further down."""
    if not any(cell and cell == head for cell, head in zip(row, header.headings, strict=False)):
        return False
    same = sum(bool(cell) and normal(cell) == normal(head) for cell, head in zip(row, header.headings, strict=False))
    return same >= 2 and same >= 0.6 * sum(map(bool, row))


def _header(block: Sequence[Sequence[str]], top: int, rows: Sequence[Sequence[str]]) -> Header | None:
    headings = _joined(block)
    first = top + len(block)
    if first < len(rows) and _are_units(rows[first]):
        headings = [
            f"{head} ({unit.strip('()')})" if unit else head for head, unit in zip(headings, rows[first], strict=False)
        ]
        first += 1
    found: dict[Field, float] = {}
    title = 0
    for index, heading in enumerate(headings):
        for field, score in by_heading(heading).items() if len(heading) <= _LONGEST_HEADING else ():
            title = index if field == "title" and score > found.get("title", 0.0) else title
            found[field] = max(found.get(field, 0.0), score)
    people = [found[field] for field in _PEOPLE if found.get(field, 0.0) >= 0.4]
    if found.get("title", 0.0) < 0.4 or not people:
        return None
    goes_on = first < len(rows) and _is_heading_rest(rows[first], title)
    return Header(headings, top, first, 2 * found["title"] + sum(people) - 0.02 * top - 0.5 * goes_on)


def _is_heading_rest(row: Sequence[str], title: int) -> bool:
    """Words without a title: what is left of a heading over several rows."""
    filled = [cell for cell in row if cell]
    has_title = title < len(row) and bool(row[title])
    return len(set(filled)) > 1 and not has_title and not any(map(_NUMBER.fullmatch, filled))


def _joined(block: Sequence[Sequence[str]]) -> list[str]:
    """Cells of one column from top to bottom; a merged heading that repeats itself is said once."""
    width = max(len(row) for row in block)
    return [" ".join(dict.fromkeys(row[i] for row in block if i < len(row) and row[i])) for i in range(width)]


def _is_data(row: Sequence[str]) -> bool:
    """Numbers stand in data; a year or two may stand in a heading."""
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in row if cell)
    return numbers >= 2 and numbers > 0.3 * sum(map(bool, row))


def _are_units(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell]
    return bool(filled) and sum(bool(_UNIT.fullmatch(cell)) for cell in filled) >= 0.8 * len(filled)
