"""What a unit looks like to the model of labels: its words, its layout, its section and its neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from etter_extraction.facts.lexicon import field_of, is_job_title, section_of, trait_or_law
from etter_extraction.facts.units import Unit

_WORD = re.compile(r"[^\W\d_]{1,99}(?:['’-][^\W\d_]{1,99}){0,9}|\d{1,40}|[£$€%:/@]")
_MOST_WORDS: Final = 45
_LONGEST: Final = 2_000
"""Characters of a unit that are looked at."""


def features_of(units: Sequence[Unit]) -> list[list[str]]:
    """One list of features per unit. The same function is used in training and in reading."""
    shapes = [_shape(unit) for unit in units]
    rows: list[list[str]] = []
    section, heading, since = "none", "", 0
    for position, unit in enumerate(units):
        own = section_of(unit.text) if _may_head(unit) else None
        if own != "duty" and is_job_title(unit.text.rstrip(":")):
            own = None
        row = _words(unit.text) + shapes[position]
        row += _place(position, len(units)) + _context(section, heading, since)
        row += [f"before:{one}" for one in (shapes[position - 1] if position else ["start"])[:4]]
        row += [f"after:{one}" for one in (shapes[position + 1] if position + 1 < len(units) else ["end"])[:4]]
        if own:
            row.append(f"heads={own}")
        rows.append(row)
        if own or unit.is_heading:
            section, heading, since = own or "other", unit.text.lower(), 0
        else:
            since += 1
    return rows


def _may_head(unit: Unit) -> bool:
    """A heading by its layout, or a short line of its own that could be one."""
    words = len(unit.text.split())
    return (
        unit.of == 1
        and words <= 12
        and (unit.is_heading or (not unit.is_item and not unit.text.rstrip().endswith(".")))
    )


def _words(text: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(text[:_LONGEST])[:_MOST_WORDS]]
    row = [f"w={word}" for word in dict.fromkeys(words)]
    row += [f"{position}={word}" for position, word in enumerate(words[:3])]
    row += [f"b={one}_{two}" for one, two in pairwise(words[:9])]
    if words:
        row.append(f"last={words[-1]}")
        row.append(f"first_ends={words[0][-3:]}")
        row.append(f"first_ends={words[0][-2:]}")
        if words[0] in ("to", "will", "you"):
            row.append(f"second_ends={words[1][-2:]}" if len(words) > 1 else "alone")
    return row


def _shape(unit: Unit) -> list[str]:
    text, block = unit.text[:_LONGEST], unit.block
    words = text.split()
    row = [
        f"kind={block.kind}",
        f"words={_bucket(len(words))}",
        f"end={text.rstrip()[-1:]}" if text.rstrip()[-1:] in ".:;?!," else "end=word",
        f"size={min(int(block.size * 5), 12)}",
        f"bold={block.bold}",
        f"region={block.region}",
        f"column={min(block.column, 3)}",
        f"level={block.level}",
        f"of={min(unit.of, 4)}",
        f"nth={min(unit.position, 3)}",
    ]
    marks = {
        "upper": text.isupper(),
        "titled": len(words) > 1 and sum(word[:1].isupper() for word in words) >= 0.7 * len(words),
        "lower": text[:1].islower(),
        "digit": any(char.isdigit() for char in text),
        "money": bool(re.search(r"[£$€]\s?\d|\d\s?(?:per|/)\s?(?:hour|year|annum)", text)),
        "percent": "%" in text,
        "share": bool(re.match(r"\W{0,9}\d{1,3}\s?%", text)),
        "address": bool(re.search(r"@|www\.|https?:", text)),
        "year": bool(re.search(r"\b(?:19|20)\d\d\b", text)),
        "job": len(words) <= 14 and is_job_title(text),
        "law": trait_or_law(text),
    }
    row += [name for name, holds in marks.items() if holds]
    if field := field_of(text):
        row.append(f"field={field[0]}")
    return row


def _bucket(count: int) -> str:
    return next((str(limit) for limit in (1, 2, 3, 5, 8, 12, 18, 26, 40) if count <= limit), "more")


def _place(position: int, total: int) -> list[str]:
    near = next((str(limit) for limit in (0, 1, 2, 4, 8, 16) if position <= limit), "more")
    return [f"at={near}", f"part={position * 5 // max(total, 1)}"]


def _context(section: str, heading: str, since: int) -> list[str]:
    near = "near" if since < 12 else "far"
    row = [f"in={section}", f"in={section}_{near}", f"since={min(since, 3)}"]
    return row + [f"h={word}" for word in re.findall(r"[^\W\d_]{1,99}", heading)[:8]]
