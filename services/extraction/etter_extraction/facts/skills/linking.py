"""Links a skill to its concept in ESCO by the words and letters that they share. No model to load but one small file.

The file holds an inverted index: for each hashed feature the concepts or names that have it, and with which weight.
`training/esco_index.py` builds it from an official export of ESCO.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

import msgspec

from etter_extraction.facts.lexicon import MODELS
from etter_extraction.facts.model import Concept

BUCKETS: Final = 1 << 16
SPACE: Final = "http://data.europa.eu/esco/skill/"
LABEL, TEXT, NAME = "label", "text", "name"
"""Fields of the index: words of the preferred label, words of all texts, letters of each name."""
_STOP: Final = frozenset({
    "a", "an", "and", "the", "of", "in", "to", "for", "with", "on", "or", "as", "by", "at", "from", "is", "are", "be",
    "will", "you", "your", "we", "our", "us", "this", "that", "it", "their", "they", "have", "has", "can", "must",
    "who", "not", "all", "any", "other", "such", "etc", "e.g", "eg", "i.e", "using", "use", "used", "ability", "able",
    "experience", "knowledge", "skills", "skill", "strong", "excellent", "good", "work", "working",
})  # fmt: skip
_ENDINGS: Final = (
    "ations",
    "ation",
    "ings",
    "ing",
    "ments",
    "ment",
    "ers",
    "er",
    "ies",
    "ied",
    "es",
    "ed",
    "s",
    "y",
    "e",
)
_WORD = re.compile(r"[^\W\d_][\w+#.-]{0,99}[\w+#]|[^\W\d_]")
_PLAIN = re.compile(r"[\w+#]{1,99}")
_LETTERS: Final = 4
_SHOWN_FROM, _SAME = 0.55, 0.95
_LONGEST: Final = 600


class Postings(msgspec.Struct, frozen=True):
    """`starts[bucket]` to `starts[bucket + 1]` are the entries of a feature in `ids` and `weights`."""

    count: int
    starts: bytes
    ids: bytes
    weights: bytes


class Index(msgspec.Struct, frozen=True):
    version: str
    labels: str  # one a line
    uris: str  # what follows `SPACE`, one a line; empty where the export has none
    owners: bytes  # the concept of each name
    fields: dict[str, Postings]


@dataclass(frozen=True)
class _Field:
    count: int
    starts: array[int]
    ids: array[int]
    weights: bytes


@dataclass(frozen=True)
class Taxonomy:
    """Concepts ready for look-up."""

    labels: list[str]
    uris: list[str]
    owners: array[int]
    fields: dict[str, _Field]

    def rank(self, text: str, limit: int = 10) -> list[Concept]:
        """The nearest concepts, best first. `score` says how much the skill looks like one of the concept's names."""
        total: Counter[int] = Counter()
        for field, features in ((LABEL, with_pairs(words_of(text))), (TEXT, words_of(text))):
            total.update(self._scores(field, features))
        best: dict[int, float] = {}
        for name, score in self._scores(NAME, letters_of(text)).items():
            owner = self.owners[name]
            best[owner] = max(best.get(owner, 0.0), score)
        total.update(best)
        ranked = sorted(total, key=lambda at: (-total[at], at))[:limit]
        return [self._concept(at, best.get(at, 0.0)) for at in ranked]

    def _concept(self, at: int, score: float) -> Concept:
        return Concept(SPACE + self.uris[at] if self.uris[at] else None, self.labels[at], round(min(1.0, score), 3))

    def _scores(self, name: str, features: Iterable[str]) -> Counter[int]:
        field = self.fields[name]
        found: Counter[int] = Counter()
        known: list[tuple[int, int, float]] = []
        for feature, times in Counter(features).items():
            bucket = bucket_of(feature)
            start, end = field.starts[bucket], field.starts[bucket + 1]
            if end > start:
                known.append((start, end, weight(times, end - start, field.count)))
        norm = math.sqrt(sum(each * each for _, _, each in known)) or 1.0
        for start, end, each in known:
            part = each / norm / 255
            for at in range(start, end):
                found[field.ids[at]] += part * field.weights[at]  # type: ignore[assignment]
        return found


def weight(times: int, documents: int, total: int) -> float:
    """Term frequency, dampened, times inverse document frequency."""
    return (1 + math.log(times)) * (math.log((1 + total) / (1 + documents)) + 1)


def bucket_of(feature: str) -> int:
    return zlib.crc32(feature.encode()) % BUCKETS


def words_of(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP]


def with_pairs(words: Sequence[str]) -> list[str]:
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def letters_of(text: str) -> list[str]:
    plain = " ".join(["", *(word for word in _PLAIN.findall(text.lower()) if word not in _STOP), ""])
    return [plain[at : at + _LETTERS] for at in range(max(len(plain) - _LETTERS + 1, 1))]


@cache
def taxonomy() -> Taxonomy:
    """Read once per process."""
    index = msgspec.msgpack.decode((MODELS / "esco.msgpack").read_bytes(), type=Index)
    fields = {
        name: _Field(one.count, array("I", one.starts), array("H", one.ids), one.weights)
        for name, one in index.fields.items()
    }
    return Taxonomy(index.labels.split("\n"), index.uris.split("\n"), array("H", index.owners), fields)


@lru_cache(maxsize=4096)
def link(name: str) -> Concept | None:
    """The concept of a skill's name, where one of the nearest is called much like it."""
    nearest = taxonomy().rank(name[:_LONGEST], 5)
    best = max(nearest, key=lambda one: (one.score >= _SAME, -nearest.index(one)), default=None)
    return best if best is not None and best.score >= _SHOWN_FROM else None


def _stem(word: str) -> str:
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), "")
    return word.removesuffix(ending)
