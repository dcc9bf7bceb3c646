"""Lines of people added up to roles: one for each title and department, however they are spelt."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from etter_extraction.facts.people.pay import Pay

_MARKS: Final = re.compile(r"[^\w&+#/]+")
_MOST_IN_A_LINE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table that counts. `heads` and `fte` are `None` where the table does not say."""

    row: int
    title: str
    department: str
    heads: float | None
    fte: float | None
    pay: Pay | None
    level: str = ""
    location: str = ""
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class Role:
    """What a group of lines adds up to, growing as they come."""

    first: int
    titles: Counter[str] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)
    levels: set[str] = field(default_factory=set)
    locations: set[str] = field(default_factory=set)
    flags: Counter[str] = field(default_factory=Counter)
    heads: float = 0.0
    unknown_heads: int = 0
    fte: float = 0.0
    unknown_fte: int = 0
    paid: dict[str | None, list[float]] = field(default_factory=dict)
    lines: int = 0

    def add(self, line: Line) -> None:
        self.lines += 1
        self.titles[line.title] += 1
        self.departments[line.department] += 1
        self.levels.add(line.level)
        self.locations.add(line.location)
        self.flags.update(line.flags)
        self.heads += line.heads or 0.0
        self.unknown_heads += line.heads is None
        self.fte += line.fte or 0.0
        self.unknown_fte += line.fte is None
        if line.heads is not None and (line.heads == 0 or line.heads > _MOST_IN_A_LINE):
            self.flags["HEADCOUNT_IMPLAUSIBLE"] += 1
        if line.pay:
            weight = line.heads if line.heads and line.heads > 0 else 1.0
            sums = self.paid.setdefault(line.pay.currency, [0.0, 0.0])
            sums[0] += line.pay.year * weight
            sums[1] += weight
            self.flags.update(line.pay.flags)

    def value(self) -> dict[str, Any]:
        """What the fact says. `paid` is the number of people whose pay is known, the basis of `salary`."""
        known = self.lines > self.unknown_heads
        currency, sums = max(self.paid.items(), key=lambda item: item[1][1]) if self.paid else (None, [0.0, 0.0])
        return {
            "title": self.titles.most_common(1)[0][0],
            "department": self.departments.most_common(1)[0][0] or None,
            "headcount": _plain(self.heads) if known else None,
            "fte": None if self.unknown_fte else _plain(self.fte),
            "salary": round(sums[0] / sums[1], 2) if sums[1] else None,
            "currency": currency if sums[1] else None,
            "paid": _plain(sums[1]) if sums[1] else None,
            "level": _only(self.levels),
            "location": _only(self.locations),
        }

    def doubts(self) -> list[str]:
        """Codes of what makes the role doubtful."""
        found = set(self.flags)
        if len(self.paid) > 1:
            found.add("SEVERAL_CURRENCIES")
        if self.unknown_heads and self.lines > self.unknown_heads:
            found.add("HEADCOUNT_INCOMPLETE")
        title = self.titles.most_common(1)[0][0]
        if not re.search(r"[^\W\d_]{2}", title):
            found.add("TITLE_IMPLAUSIBLE")
        return sorted(found)


def key_of(title: str, department: str) -> tuple[str, str]:
    """The same for all spellings: case, spaces, hyphens and accents make no other role."""
    return _folded(title), _folded(department)


@lru_cache(1 << 16)
def _folded(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _only(values: set[str]) -> str | None:
    filled = {value for value in values if value}
    return filled.pop() if len(filled) == 1 and len(values) == 1 else None


def _plain(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded
