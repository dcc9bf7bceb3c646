"""Skill spans in a sentence: what one does (skill) and what one knows (knowledge), by two linear-chain CRFs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import pycrfsuite

from etter_extraction.facts.lexicon import MODELS
from etter_extraction.facts.skills.features import features_of
from etter_extraction.facts.skills.tokens import tokens_of

Kind = Literal["skill", "knowledge"]
_OUTSIDE_BELOW: Final[dict[Kind, float]] = {"skill": 0.6, "knowledge": 0.6}
"""A word is part of a span where the probability that it is outside of any is not above this."""
_MOST_WORDS: Final = 400


@dataclass(frozen=True)
class SkillSpan:
    """Words `first` to `last`, the last one left out; `confidence` is the mean probability of being inside."""

    kind: Kind
    first: int
    last: int
    confidence: float


@cache
def tagger(kind: Kind) -> pycrfsuite.Tagger:
    """The model of one kind of span, read once per process."""
    loaded = pycrfsuite.Tagger()
    loaded.open(str(MODELS / f"{kind}.crfsuite"))
    return loaded


def spans_of(words: Sequence[str]) -> list[SkillSpan]:
    """Spans in a sentence that is cut into words; a skill may hold the knowledge that it needs."""
    if not words:
        return []
    rows = features_of(words[:_MOST_WORDS])
    return [span for kind in _OUTSIDE_BELOW for span in _decoded(kind, rows)]


def spans_in(text: str) -> list[tuple[int, int, SkillSpan]]:
    """Spans of running text with their first and last offset."""
    tokens = tokens_of(text)
    return [(tokens[span.first].start, tokens[span.last - 1].end, span) for span in spans_of([t.text for t in tokens])]


def _decoded(kind: Kind, rows: Sequence[Sequence[str]]) -> list[SkillSpan]:
    model = tagger(kind)
    model.set(rows)
    outside = [model.marginal("O", at) for at in range(len(rows))]
    begins = [model.marginal("B", at) > model.marginal("I", at) for at in range(len(rows))]
    found: list[SkillSpan] = []
    start: int | None = None
    for at in range(len(rows) + 1):
        is_out = at == len(rows) or outside[at] > _OUTSIDE_BELOW[kind]
        if start is not None and (is_out or begins[at]):
            inside = [1 - one for one in outside[start:at]]
            found.append(SkillSpan(kind, start, at, round(sum(inside) / len(inside), 3)))
            start = None
        if not is_out and start is None:
            start = at
    return found
