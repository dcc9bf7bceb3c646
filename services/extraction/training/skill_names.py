"""Names of skills and tools, from ESCO's labels and O*NET's technology skills."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from etter_extraction.facts.skills.features import plain_of

_LONGEST = 6


def write(data: Path, target: Path) -> int:
    """Write `skill_names.json`: names by kind, `s` skill, `k` knowledge, `t` tool. Returns their number."""
    kinds: dict[str, set[str]] = {"s": set(), "k": set(), "t": set()}
    for row in _rows(data / "skills-dev/taxonomy/esco_skills_en.csv.gz"):
        kind = "k" if row["type"] == "knowledge" else "s"
        for name in (row["preferred_label"], *row["alt_labels"].split("|")):
            kinds[kind].add(_plain(re.sub(r"\(.*?\)", "", name)))
    for row in _rows(data / "onet/technology_skills.csv.gz"):
        kinds["t"].add(_plain(row["technology"]))
        kinds["t"].add(
            _plain(re.sub(r"^(?:Microsoft|Adobe|Oracle|IBM|Apache|Google|SAP|Amazon)\s+", "", row["technology"]))
        )
        kinds["t"].add(_plain(row["commodity"]))
    kept = {
        kind: sorted(name for name in names if len(name) > 1 and len(name.split()) <= _LONGEST)
        for kind, names in kinds.items()
    }
    target.write_bytes(msgspec.json.encode(kept))
    return sum(map(len, kept.values()))


def _plain(name: str) -> str:
    return " ".join(plain_of(word) for word in name.split())


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
