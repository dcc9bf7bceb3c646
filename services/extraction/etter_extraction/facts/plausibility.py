"""What is doubtful in a document's facts: flags that lower confidence, and notes for a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from etter_extraction.facts.lexicon import title_strength
from etter_extraction.facts.model import Fact
from etter_extraction.facts.titles import same
from etter_extraction.parsing.parsed import Note

_DOUBTFUL_BELOW: Final = 0.5
MEANING: Final[dict[str, str]] = {
    "PAY_IMPLAUSIBLY_LOW": "pay of less than 1,000 a year",
    "PAY_IMPLAUSIBLY_HIGH": "pay of more than 5,000,000 a year",
    "PAY_CONFLICT": "amounts for the same period that contradict each other",
    "CURRENCY_UNKNOWN": "an amount without a currency",
    "CURRENCY_UNCLEAR": "a currency sign that several currencies share",
    "CURRENCY_FROM_PLACE": "a shared currency sign read by the country that the document names",
    "PERIOD_UNKNOWN": "an amount without a period",
    "PERIOD_GUESSED": "a period guessed from the size of the amount",
    "TITLE_NOT_A_NAME": "a title without letters or made of numbers",
    "TITLE_UNUSUAL": "a title that does not end like a job title",
    "TITLE_REPEATED": "a role that is in the document twice",
    "TIME_SHARES_OVER_WHOLE": "time shares that add up to more than the whole time",
}
"""Codes of flags, in words."""
_GUESSES: Final = frozenset({"CURRENCY_FROM_PLACE", "PERIOD_GUESSED", "TITLE_UNUSUAL"})
_EXAMPLES: Final = 3


def checked(facts: Sequence[Fact]) -> list[Fact]:
    """Facts with the flags that only the whole document shows."""
    over = _over_whole(facts)
    twice = _twice(facts)
    return [
        _flagged(one, [*_of_title(one, twice), *(["TIME_SHARES_OVER_WHOLE"] if one.id in over else [])])
        for one in facts
    ]


def notes(facts: Sequence[Fact], roles: int) -> list[Note]:
    """What was guessed, what is doubtful and what is missing, with counts and examples."""
    found: list[Note] = []
    for code, meaning in MEANING.items():
        mine = [one for one in facts if code in one.flags]
        if mine:
            found.append(
                Note(
                    code,
                    ("guessed: " if code in _GUESSES else "doubtful: ") + meaning,
                    len(mine),
                    [_shown(one) for one in mine[:_EXAMPLES]],
                )
            )
    types = Counter(one.type for one in facts)
    titled = {one.role for one in facts if one.type == "title"}
    if any(types[kind] for kind in ("task", "pay", "skill")) and len(titled) < roles:
        found.append(Note("TITLE_MISSING", "no job title was found", roles - len(titled)))
    if types["title"] and not types["task"]:
        found.append(Note("TASKS_MISSING", "no list of duties was found"))
    if roles > 1:
        found.append(Note("SEVERAL_ROLES", "the document describes several roles", roles))
    unsure = [one for one in facts if one.confidence < _DOUBTFUL_BELOW and not one.flags]
    if unsure:
        found.append(
            Note(
                "CONFIDENCE_LOW",
                "facts with a confidence below 0.5",
                len(unsure),
                [_shown(one) for one in unsure[:_EXAMPLES]],
            )
        )
    return found


def _of_title(one: Fact, twice: set[str]) -> list[str]:
    if one.type != "title":
        return []
    title = str(one.value)
    letters = sum(char.isalpha() for char in title)
    flags = ["TITLE_NOT_A_NAME"] if letters < 3 or letters < len(title) / 3 else []
    if not flags and title_strength(title) < 0.3 and one.confidence < 0.85:
        flags.append("TITLE_UNUSUAL")
    return flags + (["TITLE_REPEATED"] if str(one.id) in twice else [])


def _twice(facts: Sequence[Fact]) -> set[str]:
    titles = [one for one in facts if one.type == "title"]
    return {
        str(two.id) for at, two in enumerate(titles) if any(same(str(two.value), str(one.value)) for one in titles[:at])
    }


def _over_whole(facts: Sequence[Fact]) -> set[object]:
    """Tasks of a role whose stated shares add up to more than 100 % and rounding."""
    sums: Counter[int] = Counter()
    for one in facts:
        sums[one.role] += round(1000 * (one.time_share or 0))
    return {one.id for one in facts if one.time_share and sums[one.role] > 1100}


def _flagged(one: Fact, flags: Sequence[str]) -> Fact:
    new = [flag for flag in flags if flag not in one.flags]
    if not new:
        return one
    return msgspec.structs.replace(one, flags=[*one.flags, *new], confidence=min(one.confidence, 0.5))


def _shown(one: Fact) -> str:
    return re.sub(r"\s{1,9}", " ", one.quote or str(one.value))[:120]
