"""The model of unit labels: a linear-chain CRF over postings that `postings.py` puts together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pycrfsuite

from training import postings

HELD_APART: Final = Path(__file__).with_name("held_apart.json")
"""Names of the postings that are never trained on: accuracy is measured on them."""
_SETTINGS: Final = {"c1": 0.3, "c2": 0.02, "max_iterations": 80, "feature.minfreq": 3}


def write(data: Path, target: Path) -> int:
    """Train and write the model. Returns the number of sequences."""
    left_out = frozenset(json.loads(HELD_APART.read_text()))
    trainer = pycrfsuite.Trainer("lbfgs", _SETTINGS, verbose=False)
    count = 0
    for rows, labels in postings.labelled(data, left_out=left_out):
        trainer.append(rows, labels)
        count += 1
    trainer.train(str(target))
    return count
