"""When two written titles mean the same role. No I/O."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_LONG_ENOUGH = 5
_VARIANTS = ({"e", "o"}, {"s", "z"})


@lru_cache(maxsize=20_000)
def words(title: str) -> tuple[str, ...]:
    """The title's words, lower-cased, without punctuation."""
    return tuple(_WORD.findall(title.casefold()))


def outline(title: str) -> str:
    """What titles that mean the same have in common: the words' first letters. To look up instead of comparing all."""
    return "".join(word[0] for word in words(title))


def same(one: str, other: str) -> bool:
    """Equal but for case, punctuation and spelling variants: `HR Adviser` is `HR Advisor`.

    One letter of a long word may stand for another as in adviser/advisor and organiser/organizer, nothing else; so
    `Driver I` and `Driver II`, or two titles of one sheet, stay apart.
    """
    left, right = words(one), words(other)
    if outline(one) != outline(other) or not left:
        return False
    return all(a == b or _is_variant(a, b) for a, b in zip(left, right, strict=True))


def _is_variant(one: str, other: str) -> bool:
    if len(one) != len(other) or len(one) < _LONG_ENOUGH:
        return False
    different = [{a, b} for a, b in zip(one, other, strict=True) if a != b]
    return len(different) == 1 and different[0] in _VARIANTS
