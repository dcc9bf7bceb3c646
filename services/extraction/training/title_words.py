"""Words that job titles end with, from O*NET's and ESCO's titles, weighed against running text."""

from __future__ import annotations

import collections
import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

_FEWEST = 3
_MORE = (
    "scholar fellow leiter leiterin mitarbeiter mitarbeiterin sachbearbeiter sachbearbeiterin referent referentin "
    "ingenieur entwickler entwicklerin kaufmann kauffrau "
    "techniker berater responsable directeur directrice technicien ingénieur gestionnaire comptable chargé sre cto "
    "ceo cfo coo vp ingeniero técnico gerente specjalista kierownik"
)
"""Ends of titles that the English tables do not have."""


def write(data: Path, target: Path) -> int:
    """Write `title_words.json`: word to a weight from 0 to 1. Returns the number of words."""
    ends: collections.Counter[str] = collections.Counter()
    for title in set(_titles(data)):
        core = re.split(r",|\(|/| - | of | for ", title.lower())[0]
        words = re.findall(r"[^\W\d_]+", core)
        if words:
            ends[words[-1]] += 1
    running = collections.Counter(word for text in _running(data) for word in re.findall(r"[^\W\d_]+", text.lower()))
    weights = {
        word: round(count / (count + 0.02 * running[word] + 1), 2) for word, count in ends.items() if count >= _FEWEST
    }
    kept = {word: weight for word, weight in sorted(weights.items()) if weight >= 0.3 and len(word) > 1}
    kept |= dict.fromkeys(_MORE.split(), 0.8)
    target.write_bytes(msgspec.json.encode(kept))
    return len(kept)


def _titles(data: Path) -> Iterator[str]:
    for name, columns in (
        ("onet/alternate_titles", ("alternate_title",)),
        ("onet/reported_titles", ("reported_title",)),
    ):
        for row in _rows(data / f"{name}.csv.gz"):
            yield from (row[column] for column in columns)
    for row in _rows(data / "skills-dev/taxonomy/esco_occupations_en.csv.gz"):
        yield row["preferred_label"]


def _running(data: Path) -> Iterator[str]:
    for row in _rows(data / "onet/tasks.csv.gz"):
        yield row["task"]
    for row in _rows(data / "skills-dev/taxonomy/esco_skills_en.csv.gz"):
        yield row["preferred_label"]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
