"""When two written titles mean the same role. No I/O."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

_WORD = re.compile(r"[^\W_]+")
_LONG_ENOUGH = 5


@lru_cache(maxsize=20_000)
def words(title: str) -> tuple[str, ...]:
    """The title's words, lower-cased, without punctuation."""
    return tuple(_WORD.findall(title.casefold()))


def outline(title: str) -> str:
    """What titles that mean the same have in common: the words' first letters. To look up instead of comparing all."""
    return "".join(word[0] for word in words(title))


def same(one: str, other: str) -> bool:
    """Equal but for case, punctuation and one letter in long words: `HR Adviser` is `HR Advisor`.

    Short words and first letters must agree exactly, so that `Driver I` and `Driver II` stay apart.
    """
    left, right = words(one), words(other)
    if outline(one) != outline(other) or not left:
        return False
    return all(
        a == b or (min(len(a), len(b)) >= _LONG_ENOUGH and OSA.distance(a, b, score_cutoff=1) == 1)
        for a, b in zip(left, right, strict=True)
    )
