"""The models of skill spans: a linear-chain CRF each for skills and for knowledge, from SkillSpan's training part."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pycrfsuite

from etter_extraction.facts.skills.features import features_of
from etter_extraction.facts.skills.spans import Kind

_SETTINGS: Final = {"c1": 0.35, "c2": 0.1, "max_iterations": 120, "feature.minfreq": 2}


def write(data: Path, kind: Kind, target: Path) -> int:
    """Train and write the model. Returns the number of sentences."""
    trainer = pycrfsuite.Trainer("lbfgs", _SETTINGS, verbose=False)
    count = 0
    with gzip.open(data / "skills-dev/skillspan_train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            trainer.append(features_of(row["tokens"]), marks(len(row["tokens"]), row[kind]))
            count += 1
    trainer.train(str(target))
    return count


def marks(length: int, spans: Sequence[Sequence[int]]) -> list[str]:
    """B for a span's first word, I for the others, O outside."""
    found = ["O"] * length
    for first, last in spans:
        found[first:last] = ["B", *["I"] * (last - first - 1)]
    return found
