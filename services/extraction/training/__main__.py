"""Train every model: `python -m training DATA [MODELS]`, with DATA the folder of public data (`training/README.md`).

The same data gives the same files. `models/versions.json` says what each was trained on and how.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from etter_extraction.facts.lexicon import MODELS
from training import esco_index, label_model, skill_names, span_models, title_words, word_clusters

_ESCO: Final = "ESCO v1.2.0"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path, help="folder with onet/ and skills-dev/")
    arguments.add_argument("models", type=Path, nargs="?", default=MODELS, help="where the models go")
    given = arguments.parse_args()
    given.models.mkdir(parents=True, exist_ok=True)
    steps: dict[str, Callable[[Path], int]] = {
        "title_words.json": lambda to: title_words.write(given.data, to),
        "skill_names.json": lambda to: skill_names.write(given.data, to),
        "word_clusters.json": lambda to: word_clusters.write(given.data, to),
        "esco.msgpack": lambda to: esco_index.write(given.data / esco_index.TABLE, _ESCO, to),
        "labels.crfsuite": lambda to: label_model.write(given.data, to),
        "skill.crfsuite": lambda to: span_models.write(given.data, "skill", to),
        "knowledge.crfsuite": lambda to: span_models.write(given.data, "knowledge", to),
    }
    versions: dict[str, dict[str, object]] = {}
    for name, write in steps.items():
        size = write(given.models / name)
        digest = hashlib.sha256((given.models / name).read_bytes()).hexdigest()
        versions[name] = {"entries": size, "sha256": digest}
        sys.stdout.write(f"{name}: {size}\n")
    (given.models / "versions.json").write_bytes(msgspec.json.format(msgspec.json.encode(versions)) + b"\n")


if __name__ == "__main__":
    main()
