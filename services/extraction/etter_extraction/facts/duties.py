"""Tasks of a role: units labelled as duties and tables with a column of tasks; time shares and workloads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.lexicon import section_of
from etter_extraction.facts.model import Fact, fact
from etter_extraction.facts.units import Places

_SHARE_FIRST = re.compile(
    r"^\(?(?:approx(?:imately|\.)?|about|~)?\s{0,9}(\d{1,3}(?:[.,]\d{1,40})?)\s?(?:%|"
    r"per ?cent)\)?(?:\s{0,9}of (?:the |your |"
    r"their |working )?time)?\s{0,9}[:–—,-]{0,99}\s{0,9}",
    re.IGNORECASE,
)
_SHARE_LAST = re.compile(
    r"\s{0,9}[(\[–—:,-]?\s{0,9}(?:approx(?:imately|\.)?|about|~|up to)?\s{0,9}(\d{1,3}(?:[.,]\d{1,40})?)\s?(?:%|"
    r"per ?cent)(?:\s{0,9}(?:of|"
    r"FTE)(?: (?:the|your|their|working))?(?: time| role| effort)?)?\s{0,9}[)\]]?\s{0,9}[.:]?$",
    re.IGNORECASE,
)
_SHARE_INSIDE = re.compile(
    r"\(?\b(?:approx(?:imately|\.)?\s{0,9}|about\s{0,9})?(\d{1,3}(?:[.,]\d{1,40})?)\s?(?:%|per ?cent) of (?:the |"
    r"your |their |"
    r"working ){0,9}time\)?",
    re.IGNORECASE,
)
_SHORTEST, _LONGEST, _LEAST = 8, 900, 0.5
_LEADS_IN = re.compile(
    r"(?:include|including|following|as follows|will|to|responsible for|with|duties|tasks|responsibilities|"
    r"are)\s{0,9}:$|"
    r":$",
    re.IGNORECASE,
)
_CATCH_ALL = re.compile(
    r"^\W{0,9}(?:perform(?:s|ing)?|any|undertake|carry out|and)?\s{0,9}(?:all |any )?other (?:related |"
    r"reasonable )?(?:duties|"
    r"tasks)\b.{0,300}(?:assigned|required|requested|needed)?\W{0,9}$",
    re.IGNORECASE,
)
_ABOUT_THE_ROLE = re.compile(
    r"\b(?:is|are|may be) (?:sometimes |also |highly |strongly )?(?:required|preferred|essential|desirable|desired|"
    r"a plus|needed)\W{0,9}$|^\W{0,9}(?:the |this )?[\w\s,()-]{0,60}\b(?:will report|reports) (?:directly )?to (?:the|"
    r"our|a|"
    r"an)\b[^,;]{0,60}$|"
    r"^\W{0,9}(?:must|able to|ability to)\b|^\W{0,9}(?:job|position|essential|key|main|primary)?\s{0,9}(?:duties|"
    r"responsibilities|"
    r"tasks) (?:for|of)\b.{0,60}$",
    re.IGNORECASE,
)
"""Sentences about the role that are often in the middle of its duties."""
_TOPICS = (
    ("Records and reporting",
    "enter record report document prepar compil maintain updat fil process reconcil writ draft post invoic calculat "
    "complet answer respond correspond"),
    ("Planning and analysis",
    "plan analy design develop evaluat review assess forecast monitor research investigat budget identif determin "
    "improv implement optimi model schedul track measur audit"),
    ("People and coordination",
    "train supervis lead coach advis coordinat negotiat meet communicat support manag interview liais collaborat "
    "present consult recruit motivat represent mentor assist guid work"),
)  # fmt: skip
DEFAULT_GROUP: Final = "Operations"


def find(labelled: Sequence[Labelled], places: Places, *, role: int = 0) -> list[Fact]:
    """Every task once. Sub-headings with duties below them become workloads, with their share of the time."""
    named = _groups(labelled)
    facts: list[Fact] = []
    seen: set[str] = set()
    for at, one in enumerate(labelled):
        if not _is_task(one):
            continue
        statement, share, start, end = split_share(one.unit.text)
        key = " ".join(statement.lower().split()).rstrip(".;")
        if len(statement) < _SHORTEST or key in seen:
            continue
        seen.add(key)
        span = places.of(one.unit.block, one.unit.offset + start, one.unit.offset + end)
        group = named.get(at) or topic(statement)
        facts.append(fact("task", statement, span, _confidence(one), role=role, group=group, time_share=share))
    return facts


def split_share(text: str) -> tuple[str, float | None, int, int]:
    """`10% Supervise …`, `Supervise … (10 %)`: the statement, the share as 0..1, and the statement's place."""
    for pattern in (_SHARE_FIRST, _SHARE_LAST):
        match = pattern.search(text)
        if match and (share := _share(match[1])) is not None:
            start, end = (match.end(), len(text)) if pattern is _SHARE_FIRST else (0, match.start())
            return _trimmed(text, start, end, share)
    inside = _SHARE_INSIDE.search(text)
    return _trimmed(text, 0, len(text), _share(inside[1]) if inside else None)


def topic(statement: str) -> str:
    """The workload that a task's opening verb speaks for."""
    words = re.findall(r"[a-z]{1,99}", statement.lower())[:2]
    for name, stems in _TOPICS:
        if any(word.startswith(tuple(stems.split())) for word in words):
            return name
    return DEFAULT_GROUP


def _share(digits: str) -> float | None:
    percent = float(digits.replace(",", "."))
    return round(percent / 100, 4) if 0 < percent <= 100 else None


def _trimmed(text: str, start: int, end: int, share: float | None) -> tuple[str, float | None, int, int]:
    part = text[start:end]
    start += len(part) - len(part.lstrip(" *–—-:"))
    end -= len(part) - len(part.rstrip(" ;,"))
    return text[start:end].replace("**", ""), share, start, max(end, start)


def _is_task(one: Labelled) -> bool:
    text = one.unit.text
    if one.duty < _LEAST or not _SHORTEST <= len(text) <= _LONGEST or _CATCH_ALL.match(text):
        return False
    if one.unit.is_heading and not one.unit.is_item and len(text.split()) < 5:
        return False
    if _ABOUT_THE_ROLE.search(text):
        return False
    return len(text.split()) >= 2 and not _LEADS_IN.search(text.rstrip("* "))


def _confidence(one: Labelled) -> float:
    return round(0.5 + 0.42 * one.duty, 2)


def _groups(labelled: Sequence[Labelled]) -> dict[int, str]:
    """For each task the sub-heading that it is under, where a list of duties has several."""
    of: dict[int, str] = {}
    current: str | None = None
    for at, one in enumerate(labelled):
        text = one.unit.text.strip(" *:#")
        if one.label == "heading" or (one.unit.is_heading and not text.endswith(".")):
            current = _name(text) if len(text.split()) <= 10 else None
        elif _is_task(one) and current:
            of[at] = current
    used = set(of.values())
    return of if len(used) > 1 else {at: name for at, name in of.items() if section_of(name) is None}


def _name(heading: str) -> str | None:
    name, _, _, _ = split_share(heading)
    name = name.strip(" :*()-–—")
    return (name.capitalize() if name.isupper() else name) or None
