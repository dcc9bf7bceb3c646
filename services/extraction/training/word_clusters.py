"""Clusters of words that are used alike, from ESCO's descriptions, O*NET's tasks and SkillSpan's sentences."""

from __future__ import annotations

import collections
import csv
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import svds

_WORD = re.compile(r"[^\W\d_][\w+#/.-]*[\w+#]|[^\W\d_]")
_WINDOW, _FEWEST, _DIMENSIONS, _CLUSTERS, _ROUNDS = 2, 4, 64, 200, 25


def write(data: Path, target: Path) -> int:
    """Write `word_clusters.json`: word to the number of its cluster. Returns the number of words."""
    words, vectors = vectors_of(data)
    of = _kmeans(vectors, _CLUSTERS)
    target.write_bytes(msgspec.json.encode(dict(zip(words, of.tolist(), strict=True))))
    return len(words)


def vectors_of(data: Path, dimensions: int = _DIMENSIONS) -> tuple[list[str], np.ndarray]:
    """Word vectors: positive pointwise mutual information of neighbours, reduced by singular values."""
    texts = [[word.lower() for word in _WORD.findall(text)] for text in _texts(data)]
    counts = collections.Counter(word for text in texts for word in text)
    words = sorted(word for word, count in counts.items() if count >= _FEWEST)
    index = {word: at for at, word in enumerate(words)}
    pairs: collections.Counter[tuple[int, int]] = collections.Counter()
    for text in texts:
        ids = [index.get(word, -1) for word in text]
        for at, one in enumerate(ids):
            for step in range(1, _WINDOW + 1):
                if one >= 0 and at + step < len(ids) and ids[at + step] >= 0:
                    pairs[one, ids[at + step]] += 1
                    pairs[ids[at + step], one] += 1
    rows, columns = np.array(list(pairs), dtype=np.int64).T
    values = np.array(list(pairs.values()), dtype=np.float64)
    total = values.sum()
    sums = np.bincount(rows, values, len(words))
    information = np.log(values * total / (sums[rows] * np.power(sums[columns], 0.75) * np.power(total, 0.25)))
    keep = information > 0
    matrix = coo_matrix((information[keep], (rows[keep], columns[keep])), shape=(len(words),) * 2).tocsr()
    left, singular, _ = svds(matrix, k=dimensions, v0=np.ones(len(words)))
    vectors = left * np.sqrt(singular)
    return words, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _kmeans(vectors: np.ndarray, count: int) -> np.ndarray:
    draw = np.random.default_rng(7)
    centres = vectors[draw.choice(len(vectors), count, replace=False)]
    for _ in range(_ROUNDS):
        nearest = np.argmax(vectors @ centres.T, axis=1)
        for one in range(count):
            mine = vectors[nearest == one]
            if len(mine):
                mean = mine.mean(axis=0)
                centres[one] = mean / max(np.linalg.norm(mean), 1e-9)
    found: np.ndarray = np.argmax(vectors @ centres.T, axis=1)
    return found


def _texts(data: Path) -> Iterator[str]:
    for name, columns in (
        ("skills-dev/taxonomy/esco_skills_en", ("preferred_label", "description")),
        ("onet/tasks", ("task",)),
        ("onet/occupations", ("description",)),
        ("skills-dev/taxonomy/esco_occupations_en", ("description",)),
    ):
        with gzip.open(data / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield from (row[column] for column in columns)
    with gzip.open(data / "skills-dev/skillspan_train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]
