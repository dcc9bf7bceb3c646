"""The index of ESCO's skills, from an official export (`skills_en.csv`) or a table with the same columns.

`python -m training.esco_index skills_en.csv v1.2.0 esco.msgpack`
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from etter_extraction.facts.skills.linking import (
    BUCKETS,
    LABEL,
    NAME,
    SPACE,
    TEXT,
    Index,
    Postings,
    bucket_of,
    letters_of,
    weight,
    with_pairs,
    words_of,
)

_COLUMNS = {
    "label": ("preferred_label", "preferredLabel"), "uri": ("uri", "conceptUri"), "names": ("alt_labels", "altLabels"),
    "text": ("description",),
}  # fmt: skip
_MOST = 65_535
TABLE = "skills-dev/taxonomy/esco_skills_en.csv.gz"


def write(export: Path, version: str, target: Path) -> int:
    """Write the index. Returns the number of concepts. Raises `ValueError` for a table without ESCO's columns."""
    rows = [{name: _cell(row, columns) for name, columns in _COLUMNS.items()} for row in _rows(export)]
    rows = [row for row in rows if row["label"]]
    names = [
        [row["label"], *(name for part in row["names"].split("|") for name in part.split("\n") if name.strip())]
        for row in rows
    ]
    owners = array("H", [at for at, own in enumerate(names) for _ in own])
    if len(owners) > _MOST:
        raise ValueError(f"{len(owners)} names; at most {_MOST} fit the index")
    fields = {
        LABEL: _postings([with_pairs(words_of(row["label"])) for row in rows]),
        TEXT: _postings([words_of(" ".join(own) + " " + row["text"]) for own, row in zip(names, rows, strict=True)]),
        NAME: _postings([letters_of(name) for own in names for name in own]),
    }
    labels = "\n".join(" ".join(row["label"].split()) for row in rows)
    uris = "\n".join(row["uri"].removeprefix(SPACE) for row in rows)
    index = Index(version, labels, uris, owners.tobytes(), fields)
    target.write_bytes(msgspec.msgpack.encode(index))
    return len(rows)


def _cell(row: dict[str, str], columns: Sequence[str]) -> str:
    for column in columns:
        if column in row:
            return row[column] or ""
    raise ValueError(f"the table has no column {' or '.join(columns)}")


def _postings(documents: Sequence[Iterable[str]]) -> Postings:
    counted = [Counter(features) for features in documents]
    buckets = [_by_bucket(one) for one in counted]
    found: list[list[tuple[int, float]]] = [[] for _ in range(BUCKETS)]
    sizes = Counter(bucket for one in buckets for bucket in one)
    for at, one in enumerate(buckets):
        weights = {bucket: weight(times, sizes[bucket], len(documents)) for bucket, times in one.items()}
        norm = math.sqrt(sum(each * each for each in weights.values())) or 1.0
        for bucket, each in weights.items():
            found[bucket].append((at, each / norm))
    starts, ids, scaled = array("I", [0]), array("H"), bytearray()
    for entries in found:
        ids.extend(at for at, _ in entries)
        scaled.extend(max(1, round(each * 255)) for _, each in entries)
        starts.append(len(ids))
    return Postings(len(documents), starts.tobytes(), ids.tobytes(), bytes(scaled))


def _by_bucket(features: Counter[str]) -> Counter[int]:
    found: Counter[int] = Counter()
    for feature, times in features.items():
        found[bucket_of(feature)] += times
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))} concepts\n")
