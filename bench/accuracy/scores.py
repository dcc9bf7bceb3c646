"""Precision, recall and F1 over documents, with bootstrap intervals."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS = 1000


@dataclass(frozen=True)
class Tally:
    """Counts of one document or sentence: `right` of `found`, and `met` of `wanted`."""

    right: float
    found: float
    met: float
    wanted: float


@dataclass(frozen=True)
class Score:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score(tallies: Sequence[Tally]) -> Score:
    found, wanted = sum(one.found for one in tallies), sum(one.wanted for one in tallies)
    return Score(
        sum(one.right for one in tallies) / found if found else 0.0,
        sum(one.met for one in tallies) / wanted if wanted else 0.0,
    )


def line(name: str, tallies: Sequence[Tally]) -> str:
    """One row: P, R and F1, each with the middle 95 % of samples of whole documents."""
    draw = random.Random(7)
    samples = [score(draw.choices(tallies, k=len(tallies))) for _ in range(ROUNDS)] if tallies else []
    whole = score(tallies)
    parts = []
    for letter, value, drawn in (
        ("P", whole.precision, [one.precision for one in samples]),
        ("R", whole.recall, [one.recall for one in samples]),
        ("F1", whole.f1, [one.f1 for one in samples]),
    ):
        low, high = interval(drawn)
        parts.append(f"{letter} {value:.3f} [{low:.2f}-{high:.2f}]")
    return f"{name:<34}{'  '.join(parts)}  n={len(tallies)}"


def interval(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    if not ordered:
        return 0.0, 0.0
    return ordered[int(0.025 * (len(ordered) - 1))], ordered[int(0.975 * (len(ordered) - 1))]


def words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.lower()) if len(word) > 2]


def cover(part: str, whole: str) -> float:
    """Share of the words of `part` that `whole` has."""
    mine, theirs = words(part), set(words(whole))
    return sum(word in theirs for word in mine) / len(mine) if mine else 0.0


def matched(found: Sequence[str], wanted: Sequence[str]) -> Tally:
    """A statement is right where it and a wanted one mostly share their words."""
    right = sum(any(cover(one, other) >= 0.6 or cover(other, one) >= 0.7 for other in wanted) for one in found)
    met = sum(
        any(cover(one, other) >= 0.6 for other in found)
        or (cover(one, " ".join(found)) >= 0.85 and any(cover(other, one) >= 0.7 for other in found))
        for one in wanted
    )
    return Tally(right, len(found), met, len(wanted))
