"""Skills of a role: the items of its skill lists as written, and spans in its requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.lexicon import field_of, trait_or_law
from etter_extraction.facts.model import Fact, fact
from etter_extraction.facts.skills.excluded import is_excluded
from etter_extraction.facts.skills.linking import link
from etter_extraction.facts.skills.spans import spans_in
from etter_extraction.facts.units import Places

_SEPARATOR = re.compile(r"\s{0,9}[,;|•·]\s{0,9}|\s{1,9}/\s{1,9}|\s{0,9}\t\s{0,9}")
_LAST = re.compile(r"^(?:and|or|&)\s{1,9}", re.IGNORECASE)
_GRADE = re.compile(
    r"^(?:good|strong|excellent|proven|demonstrated|basic|solid|advanced|sound|working|in-depth|deep|some|"
    r"familiarity with|proficien(?:t|cy) (?:in|with)|knowledge of|experience (?:in|with|of))\s{1,9}(?=\S)",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"^\W{0,9}(?:and|or|&|an?|the|in|of|to|with|for|on|by|their|its|your|our|all|each|as|is|are|be|such|including|"
    r"other|"
    r"any|also|well|both)\b[\s,]{0,99}",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[\s,]{1,99}(?:and|or|&|an?|the|in|of|to|with|for|on|by|as|at|from|is|are|such|including|other|any)$",
    re.IGNORECASE,
)
_SPLIT_INSIDE = re.compile(r"\s{0,9}[,;/]\s{1,9}|\s{0,9},\s{0,9}|\s{1,9}(?:and|or|&)\s{1,9}")
_LONGEST_LISTED, _LONGEST_SPAN, _MOST, _LEAST, _SURE = 6, 12, 150, 0.45, 0.55
_ASKING: Final = ("requirement", "skill")


def find(labelled: Sequence[Labelled], places: Places, *, role: int = 0) -> list[Fact]:
    """Each skill once, in reading order, with its concept in ESCO where one is near enough."""
    facts: list[Fact] = []
    seen: set[str] = set()
    for one in labelled:
        if one.label not in _ASKING or one.confidence < _SURE or (trait_or_law(one.unit.text) and one.label != "skill"):
            continue
        for name, start, end, confidence in _names(one):
            key = name.lower()
            if key in seen or is_excluded(name, one.unit.text) or len(facts) >= _MOST:
                continue
            seen.add(key)
            span = places.of(one.unit.block, one.unit.offset + start, one.unit.offset + end)
            facts.append(fact("skill", name, span, confidence, role=role, concept=link(name)))
    return facts


def _names(one: Labelled) -> Iterator[tuple[str, int, int, float]]:
    text = one.unit.text
    field = field_of(text)
    begin = field[1] if field and field[0] == "skill" else 0
    listed = list(_parts(text, begin))
    if one.label == "skill" and all(len(part.split()) <= _LONGEST_LISTED for part, _ in listed):
        for part, start in listed:
            yield from _tidied(part, start, round(0.55 + 0.35 * one.confidence, 2))
        return
    for start, end, span in spans_in(text):
        if span.confidence < _LEAST or span.last - span.first > _LONGEST_SPAN:
            continue
        if span.kind == "knowledge":
            for part, first in _pieces(text[start:end], start, _SPLIT_INSIDE):
                yield from _tidied(part, first, round(0.35 + 0.5 * span.confidence, 2))
        else:
            yield from _tidied(text[start:end], start, round(0.35 + 0.5 * span.confidence, 2))


def _parts(text: str, begin: int) -> Iterator[tuple[str, int]]:
    for part, start in _pieces(text[begin:], begin, _SEPARATOR):
        lead = _LAST.match(part)
        yield (part[lead.end() :], start + lead.end()) if lead else (part, start)


def _pieces(text: str, offset: int, separator: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    start = 0
    for match in separator.finditer(text):
        yield text[start : match.start()], offset + start
        start = match.end()
    yield text[start:], offset + start


def _tidied(part: str, start: int, confidence: float) -> Iterator[tuple[str, int, int, float]]:
    """Without bullets, full stops and words of degree; the offsets follow."""
    for _ in range(2):
        grade = _GRADE.match(part)
        if grade and len(part.split()) > 2:
            part, start = part[grade.end() :], start + grade.end()
    for _ in range(3):
        loose = _LOOSE.match(part)
        if loose and len(loose[0]) < len(part):
            part, start = part[loose.end() :], start + loose.end()
        part = _TAIL.sub("", part)
    bare = part.strip(" ,;.:–—-*•\"'“”()/")
    bare = (
        bare + ")"
        if bare.count("(") > bare.count(")") and part[part.index(bare) + len(bare) :].startswith(")")
        else bare
    )
    if len(bare) > 1 or bare in ("R", "C"):
        start += part.index(bare)
        yield bare, start, start + len(bare), confidence
