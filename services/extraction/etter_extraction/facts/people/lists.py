"""Lists of roles with a number of people, outside of tables: `Complaints Handler (14)`, `Cooks: 12`, `3 x Driver`."""

from __future__ import annotations

import re
from typing import Final

from etter_extraction.facts.model import Fact, Found, Span, fact
from etter_extraction.facts.people.profile import JOB_WORD
from etter_extraction.parsing.parsed import Block, Parsed

_FEWEST: Final = 3
_CONFIDENCE: Final = 0.7
_LISTED: Final = re.compile(
    r"(?P<title>[^\W\d][^()\d:;.]{2,60}?)\s?"
    r"(?:\((?P<in>\d{1,4})(?:\s?(?:FTE|people|heads?|posts?))?\)|[:–—-]\s?(?P<after>\d{1,4}))"
    r"|(?P<before>\d{1,4})\s?[x×]\s(?P<named>[^\W\d][^()\d:;.]{2,60})",
    re.IGNORECASE,
)


def find_listed(parsed: Parsed) -> Found | None:
    """The roles of a list, where at least three lines name one with a count and most of them are jobs."""
    texts = {page.number: page.text for page in parsed.pages}
    roles = [role for block in parsed.blocks if (role := _role(block, texts))]
    jobs = sum(bool(JOB_WORD.search(role.value["title"])) for role in roles)
    if len(roles) < _FEWEST or jobs * 2 < len(roles):
        return None
    return Found("headcount", roles, _CONFIDENCE)


def _role(block: Block, texts: dict[int, str]) -> Fact | None:
    match = _LISTED.fullmatch(block.text.strip())
    if match is None or block.region in ("margin", "note"):
        return None
    title = (match["title"] or match["named"]).strip(" -–—")
    source = texts[block.page][block.start : block.end]
    at = source.find(title)
    if at < 0:
        return None
    value = {
        "title": title, "department": None, "headcount": int(match["in"] or match["after"] or match["before"]),
        "fte": None, "salary": None, "currency": None, "paid": None, "level": None, "location": None,
    }  # fmt: skip
    start = block.start + at
    return fact("role", value, Span(block.page, start, start + len(title), title), _CONFIDENCE)
