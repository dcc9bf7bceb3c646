"""Words of a sentence with their places, cut the same way for training and for reading."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\s,;]{1,99}")
_LEAD = "([{\"'“‘•*"
_TRAIL = ".!?:)]}\"'”’*"


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """Split at white space, commas and semicolons; brackets, quotes and the sentence's end are tokens of their own."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        found += _split(match[0], match.start())
    return found


def _split(word: str, start: int) -> list[Token]:
    before: list[Token] = []
    after: list[Token] = []
    end = start + len(word)
    while word and word[0] in _LEAD:
        before.append(Token(word[0], start, start + 1))
        word, start = word[1:], start + 1
    while word and word[-1] in _TRAIL and not re.fullmatch(r"(?:[^\W\d_]\.){1,9}|.{0,300}[^\W\d_]\.[^\W\d_]\.", word):
        after.insert(0, Token(word[-1], end - 1, end))
        word, end = word[:-1], end - 1
    return [*before, *([Token(word, start, end)] if word else []), *after]
