"""Which passwords are refused: too short, well known, or made of the user's own words (ASVS 5.0, 6.2).

No composition rules (6.2.5). What was typed counts in its NFKC form (NIST SP 800-63B, RFC 8265), so that a password is
the same on whichever keyboard; else nothing of it is changed (6.2.8). The list of breached passwords comes with an
issue of its own; what is here refuses the families that make up most of the long ones on such lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from etter_auth.digests import normal

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 128
_MIN_DISTINCT: Final = 5
_MIN_CONTEXT_WORD: Final = 4
_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_COMMON_WORDS: Final = """
    abc access admin administrator baseball batman changeme charlie company computer default dragon everything
    football freedom hello iloveyou internet jordan killer letmein login london loveyou manager manchester
    master michael monday monkey mustang pass passphrase password passwort princess qwerty qwertyuiop secret
    security shadow something spring starwars summer sunshine superman test tester testing trustno user welcome
    whatever winter autumn
"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())
_LOOKALIKES: Final = str.maketrans("013457@$!", "oieastasi")


def weakness(password: str, *, context: Iterable[str] = ()) -> str | None:
    """Why `password` is refused, in words for the person who chose it; `None` when it is fine."""
    plain = normal(password).lower()
    if not MIN_LENGTH <= len(normal(password)) <= MAX_LENGTH:
        return f"it must have {MIN_LENGTH} to {MAX_LENGTH} characters"
    if len(set(plain)) < _MIN_DISTINCT:
        return f"it has fewer than {_MIN_DISTINCT} different characters"
    if _is_run(plain):
        return "it is a run of neighbouring letters, digits or keys"
    words = {*_COMMON, *_context_words(context)}
    if _is_made_of(plain, words) or _is_made_of(plain.translate(_LOOKALIKES), words):
        return "it is made of well-known words or of your own name, address or company"
    return None


def _is_run(plain: str) -> bool:
    """Whether most of it is one run, forwards or backwards."""
    longest = max((len(m) for run in (*_RUNS, *(r[::-1] for r in _RUNS)) for m in _pieces(plain, run)), default=0)
    return longest > len(plain) * 2 // 3


def _pieces(plain: str, run: str) -> Iterable[str]:
    start = 0
    for end in range(1, len(plain) + 1):
        if plain[start:end] not in run:
            yield plain[start : end - 1]
            start = end - 1
    yield plain[start:]


def _is_made_of(plain: str, words: set[str]) -> bool:
    """Whether nothing but a few characters remains when the words, digits and signs are taken away."""
    rest = plain
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " ")
    return rest != plain and len(re.sub(r"[\W\d_]", "", rest)) < _MIN_CONTEXT_WORD


def _context_words(context: Iterable[str]) -> set[str]:
    found = {word for text in context for word in re.split(r"[\W_]+", text.lower())}
    return {word for word in {*found, "etter"} if len(word) >= _MIN_CONTEXT_WORD}
