"""Labels units: a linear-chain CRF over the document, trained by `training/` and stored with its version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import pycrfsuite

from etter_extraction.facts.features import features_of
from etter_extraction.facts.lexicon import MODELS
from etter_extraction.facts.units import Unit

Label = Literal[
    "title", "employer", "place", "field", "heading", "summary", "duty", "requirement", "skill", "pay", "benefit",
    "equal", "employer_text", "other",
]  # fmt: skip
_LONGEST: Final = 2_000
"""Units tagged as one sequence; a longer document is labelled in pieces."""


@dataclass(frozen=True)
class Labelled:
    """`confidence` is the model's marginal probability of `label`; `duty` that of a duty."""

    unit: Unit
    label: Label
    confidence: float
    duty: float


@cache
def tagger() -> pycrfsuite.Tagger:
    """The model, read once per process."""
    loaded = pycrfsuite.Tagger()
    loaded.open(str(MODELS / "labels.crfsuite"))
    return loaded


def label(units: Sequence[Unit]) -> list[Labelled]:
    """The most likely labels, each with its probability."""
    found: list[Labelled] = []
    for first in range(0, len(units), _LONGEST):
        found += _label(units[first : first + _LONGEST])
    return found


def _label(units: Sequence[Unit]) -> list[Labelled]:
    model = tagger()
    model.set(features_of(units))
    return [
        Labelled(unit, name, model.marginal(name, at), model.marginal("duty", at))
        for at, (unit, name) in enumerate(zip(units, model.tag(), strict=True))
    ]
