"""Skill spans on SkillSpan's development part and links to ESCO on three labelled sets."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.accuracy.scores import ROUNDS, Tally, interval, line
from etter_extraction.facts.lexicon import trait_or_law
from etter_extraction.facts.skills.excluded import is_excluded
from etter_extraction.facts.skills.linking import taxonomy
from etter_extraction.facts.skills.spans import spans_of

Span = tuple[int, int]
_SETS = ("house", "tech", "techwolf")


def measure(shared: Path) -> Iterator[str]:
    """Strict and relaxed spans, both types together, and RP@5 and RP@10 of links."""
    folder = shared / "data/skills-dev"
    if not folder.exists():
        yield f"skills: skipped, {folder} is missing"
        return
    with gzip.open(folder / "skillspan_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from _spans([json.loads(text) for text in lines])
    for name in _SETS:
        yield _links(name, [json.loads(text) for text in (folder / f"esco_link_{name}.jsonl").read_text().splitlines()])


def _spans(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    strict: list[Tally] = []
    relaxed: list[Tally] = []
    traits = 0
    for row in rows:
        wanted = {(first, last) for kind in ("skill", "knowledge") for first, last in row[kind]}
        found = {(one.first, one.last) for one in spans_of(row["tokens"])}
        strict.append(Tally(len(found & wanted), len(found), len(found & wanted), len(wanted)))
        relaxed.append(Tally(_touched(found, wanted), len(found), _touched(wanted, found), len(wanted)))
        if trait_or_law(row["text"]):
            names = [" ".join(row["tokens"][first:last]) for first, last in found]
            traits += sum(
                not is_excluded(name, row["text"])
                and bool(re.search(r"\b(?:race|religion|gender|age|sex)\b", name, re.IGNORECASE))
                for name in names
            )
    yield line("skill spans, strict", strict)
    yield line("skill spans, relaxed", relaxed)
    yield f"{'protected traits among skills':<34}{traits}"


def _touched(spans: set[Span], others: set[Span]) -> int:
    return sum(any(first < end and start < last for start, end in others) for first, last in spans)


def _links(name: str, rows: Sequence[dict[str, Any]]) -> str:
    parts = []
    for limit in (5, 10):
        values = []
        for row in rows:
            if row["esco"]:
                best = {one.label for one in taxonomy().rank(row["text"], limit)}
                values.append(len(best & set(row["esco"])) / min(limit, len(row["esco"])))
        draw = random.Random(7)
        low, high = interval([sum(draw.choices(values, k=len(values))) / len(values) for _ in range(ROUNDS)])
        parts.append(f"RP@{limit} {sum(values) / len(values):.3f} [{low:.2f}-{high:.2f}]")
    return f"{'links to ESCO, ' + name:<34}{'  '.join(parts)}"
