"""Job descriptions and what is none: title, pay, duties, kind and quotes of the documents in `corpus/`.

Titles, pay and duties were transcribed by others; the model of labels has seen none of these documents.
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bench.accuracy.scores import Tally, line, matched
from etter_extraction.facts.amounts import amounts_in
from etter_extraction.facts.finding import find_facts
from etter_extraction.facts.model import Found
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.refusal import Refused

_READERS = {
    ".pdf": ("pdf", "pdf"),
    ".docx": ("docx", "docx"),
    ".html": ("html", "html"),
    ".md": ("plain", "text"),
    ".txt": ("plain", "text"),
}
AS_OF = date(2026, 1, 1)
_KINDS = {"jd": "job_description", "resume": "resume", "process": "other", "generic": "other"}


def measure(shared: Path) -> Iterator[str]:
    """One line per field. Yields nothing but a note where the documents are missing."""
    folder = shared / "corpus"
    if not (folder / "manifest.json").exists():
        yield f"postings: skipped, {folder} is missing"
        return
    transcribed = {row["source_file"]: row for row in _rows(shared / "data/skills-dev/postings_facts_dev.jsonl.gz")}
    tallies: dict[str, list[Tally]] = {}
    for entry in json.loads((folder / "manifest.json").read_text()):
        if entry["expect"] != "ok" or Path(entry["file"]).parts[0] not in _KINDS:
            continue
        for name, tally in _judged(folder, entry, transcribed):
            tallies.setdefault(name, []).append(tally)
    for name in ("title", "title without a title line", "pay", "pay of all amounts", "duties", "kind", "quotes"):
        yield line(name, tallies.get(name, []))


def _judged(folder: Path, entry: dict[str, Any], transcribed: dict[str, Any]) -> Iterator[tuple[str, Tally]]:
    path = folder / entry["file"]
    parsed = _read(path)
    if parsed is None:
        return
    found = find_facts(parsed, path.name, as_of=AS_OF)
    yield "kind", _hit(found.kind == _KINDS[Path(entry["file"]).parts[0]])
    texts = {page.number: page.text for page in parsed.pages}
    good = sum(texts[one.page][one.start : one.end] == one.quote for one in found.facts)
    yield "quotes", Tally(good, len(found.facts), good, len(found.facts))
    facts = entry.get("facts") or {}
    if title := facts.get("title"):
        yield from _title(title, found, texts)
    if row := transcribed.get(path.name):
        yield from _pay(row["salary_compensation"], found)
        wanted = [part.strip() for part in row["duties"].split(" | ")]
        yield "duties", matched([str(one.value) for one in found.facts if one.type == "task"], wanted)


def _title(title: str, found: Found, texts: dict[int, str]) -> Iterator[tuple[str, Tally]]:
    said = next((str(one.value) for one in found.facts if one.type == "title"), None)
    hit = said is not None and (_plain(said) == _plain(title) or _plain(said).rstrip("s") == _plain(title))
    tally = Tally(hit, said is not None, hit, 1)
    yield "title", tally
    label = re.search(
        r"^\W*(?:job|position|posting|working|role)?\s*title\s*:",
        "\n".join(texts.values()),
        re.IGNORECASE | re.MULTILINE,
    )
    if not label:
        yield "title without a title line", tally


def _pay(transcribed: str, found: Found) -> Iterator[tuple[str, Tally]]:
    wanted = [one for one in amounts_in(transcribed) if one.sign]
    said = [one.value for one in found.facts if one.type == "pay"]
    if not wanted and not said:
        return
    first = bool(said and wanted) and _same(said[0], wanted[0])
    yield "pay", Tally(first, bool(said), first, bool(wanted))
    right = sum(any(_same(value, one) for one in wanted) for value in said)
    met = sum(any(_same(value, one) for value in said) for one in wanted)
    yield "pay of all amounts", Tally(right, len(said), met, len(wanted))


def _same(value: dict[str, Any], amount: Any) -> bool:
    period = amount.period in (None, value["period"])
    return abs(value["low"] - amount.low) < 0.01 and abs(value["high"] - amount.high) < 0.01 and period


def _read(path: Path) -> Parsed | None:
    reader = _READERS.get(path.suffix)
    if reader is None:
        return None
    try:
        parsed: Parsed = importlib.import_module(f"etter_extraction.parsing.readers.{reader[0]}").read(path, reader[1])
    except Refused:
        return None
    return parsed


def _hit(hit: bool) -> Tally:
    return Tally(hit, 1, hit, 1)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for text in lines:
                yield json.loads(text)
