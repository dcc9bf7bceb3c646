"""Finds the reference occupation nearest to a role's title. No I/O; the index is built once and shared.

Titles are compared as bags of words: level words and seniority are dropped, abbreviations spelt out, words weighted by
how rare they are in the taxonomy (`driver` tells more than `officer`), near spellings counted in part. Deterministic.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

CERTAIN_FROM: Final = 0.6
"""Below this similarity no occupation is set; the nearest ones are suggestions only."""

_WORD: Final = re.compile(r"[a-z][a-z&+#]*")
_LEVELS: Final = frozenset(
    [
        "senior",
        "junior",
        "sr",
        "jr",
        "lead",
        "principal",
        "staff",
        "i",
        "ii",
        "iii",
        "iv",
        "v",
        "vi",
        "trainee",
        "apprentice",
        "graduate",
        "intern",
        "deputy",
        "interim",
        "acting",
        "level",
        "grade",
        "of",
        "the",
        "and",
        "for",
        "in",
        "at",
        "to",
        "a",
        "an",
        "-",
        "city",
        "state",
        "group",
        "regional",
        "national",
        "global",
        "uk",
        "us",
    ]
)
_SPELT_OUT: Final[Mapping[str, str]] = {
    "hr": "human resources", "it": "information technology", "qa": "quality assurance", "qc": "quality control",
    "r&d": "research development", "pr": "public relations", "pa": "personal assistant", "mgr": "manager",
    "asst": "assistant", "admin": "administrative", "eng": "engineer", "engr": "engineer", "tech": "technician",
    "supv": "supervisor", "supvr": "supervisor", "coord": "coordinator", "spec": "specialist", "rep": "representative",
    "dir": "director", "exec": "executive", "acct": "account", "hgv": "heavy goods vehicle", "dept": "department",
    "ops": "operations", "dev": "development", "sw": "software", "adviser": "advisor", "vp": "vice president",
    "ehs": "environment health safety", "hse": "health safety environment", "npd": "new product development",
    "fp&a": "financial planning analysis", "l&d": "learning development", "operator": "operative",
    "programmer": "developer", "lawyer": "counsel",
}  # fmt: skip
_CANDIDATES: Final = 60
_NEAR_SPELLING: Final = 88
_DEPARTMENT_WEIGHT: Final = 0.06


@dataclass(frozen=True)
class Match:
    """`similarity` 0..1; `via` is the taxonomy's title that came nearest."""

    code: str
    title: str
    similarity: float
    via: str


@dataclass(frozen=True)
class _Entry:
    code: str
    title: str
    words: tuple[str, ...]
    weight: float


class TitleIndex:
    """All titles of the taxonomy: (code, occupation title, title people use)."""

    def __init__(self, titles: Iterable[tuple[str, str, str]]) -> None:
        rows = [(code, main, title, normalised(title)) for code, main, title in titles]
        rows = [row for row in rows if row[3]]
        self._names = {code: main for code, main, _, _ in rows}
        counts = Counter(word for _, _, _, words in rows for word in set(words))
        self._rarity = {word: math.log(1 + len(rows) / (1 + n)) for word, n in counts.items()}
        self._common = math.log(1 + len(rows))
        self._entries = [_Entry(code, title, words, self._weigh(words)) for code, _, title, words in rows]
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            for word in set(entry.words):
                self._by_word[word].append(number)
        self._typical = _typical_words(self._entries)
        self._vocabulary = sorted(self._by_word)
        self._spelling = lru_cache(maxsize=10_000)(self._nearest_spelling)

    def __len__(self) -> int:
        return len(self._entries)

    def nearest(self, title: str, department: str = "", *, limit: int = 5) -> list[Match]:
        """Occupations by falling similarity, each once; of equally near ones first where the words are typical.

        The taxonomy gives one title to several occupations: `Nurse` to nine, and it is typical of Registered Nurses.
        """
        words = tuple(self._spelling(word) for word in normalised(title))
        if not words:
            return []
        context = frozenset(normalised(department)) - set(words)
        best: dict[str, Match] = {}
        for number in self._candidates(words):
            entry = self._entries[number]
            similarity = self._similarity(words, entry, context)
            known = best.get(entry.code)
            if known is None or similarity > known.similarity:
                best[entry.code] = Match(entry.code, self._names[entry.code], round(similarity, 4), entry.title)
        known_words = sorted(set(words) & self._rarity.keys())

        def order(match: Match) -> tuple[float, float, str]:
            typical = self._typical[match.code]
            return -match.similarity, -sum(self._rarity[w] * typical.get(w, 0.0) for w in known_words), match.code

        return sorted(best.values(), key=order)[:limit]

    def certain(self, title: str, department: str = "") -> Match | None:
        """The nearest occupation, if it is near enough to be taken without asking."""
        found = self.nearest(title, department, limit=1)
        return found[0] if found and found[0].similarity >= CERTAIN_FROM else None

    def _candidates(self, words: Sequence[str]) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        for word in sorted(set(words), key=lambda w: len(self._by_word.get(w, ()))):
            numbers = self._by_word.get(word, ())
            if scores and len(numbers) > 5000:  # so common a word only ranks what rarer ones found
                numbers = [number for number in numbers if number in scores]
            for number in numbers:
                scores[number] += self._rarity[word] / (1 + self._entries[number].weight)
        return sorted(scores, key=lambda number: (-scores[number], number))[:_CANDIDATES]

    def _similarity(self, words: Sequence[str], entry: _Entry, context: frozenset[str]) -> float:
        """Weighted Dice of the two bags, a little more when the department's words fit or the order is the same."""
        shared = set(words) & set(entry.words)
        both = 2 * self._weigh(tuple(shared))
        similarity = both / (self._weigh(words) + entry.weight)
        if tuple(words) == entry.words:
            return 1.0
        if context & set(entry.words):
            similarity += _DEPARTMENT_WEIGHT
        return min(similarity, 0.99)

    def _weigh(self, words: Sequence[str]) -> float:
        return sum(self._rarity.get(word, self._common) for word in set(words))

    def _nearest_spelling(self, word: str) -> str:
        if word in self._by_word:
            return word
        found = process.extractOne(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=_NEAR_SPELLING)
        return str(found[0]) if found else word


def _typical_words(entries: Iterable[_Entry]) -> dict[str, dict[str, float]]:
    """Of each occupation, the share of its titles in which a word occurs."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    titles: Counter[str] = Counter()
    for entry in entries:
        titles[entry.code] += 1
        counts[entry.code].update(set(entry.words))
    return {code: {word: n / titles[code] for word, n in words.items()} for code, words in counts.items()}


def normalised(title: str) -> tuple[str, ...]:
    """The title's telling words in order, abbreviations spelt out, plurals singular."""
    spelt = " ".join(_SPELT_OUT.get(word, word) for word in _WORD.findall(title.lower().replace("/", " ")))
    return tuple(_singular(word) for word in _WORD.findall(spelt) if word not in _LEVELS)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "ics")) and len(word) > 3:
        return word[:-1]
    return word
