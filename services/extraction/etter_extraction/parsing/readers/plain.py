"""TXT, Markdown and CSV: the encoding and the delimiter are found, never assumed."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

from etter_extraction.parsing import limits
from etter_extraction.parsing.detection import decode
from etter_extraction.parsing.parsed import Page, Parsed, sheet_of
from etter_extraction.parsing.refusal import Refused

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 200
_HEADING = re.compile(r"\s{0,3}#{1,6}\s(.*)")


def read(path: Path, kind: str) -> Parsed:
    text = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Refused("empty", "the file holds white space only")
    if len(text) > limits.MAX_TEXT:
        raise Refused("too_many_pages", f"more than {limits.MAX_TEXT} characters")
    return _csv(text, kind) if kind == "csv" else _prose(text, kind)


def _prose(text: str, kind: str) -> Parsed:
    headings = [match[1].strip().rstrip("#").rstrip() for line in text.splitlines() if (match := _HEADING.match(line))]
    return Parsed(kind=kind, pages=[Page(1, "text", text)], headings=headings)


def _csv(text: str, kind: str) -> Parsed:
    csv.field_size_limit(limits.MAX_TEXT)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter(text)))
    except csv.Error as error:
        raise Refused("damaged", "the quotes of the CSV do not match") from error
    if len(rows) > limits.MAX_ROWS or sum(map(len, rows)) > limits.MAX_CELLS:
        raise Refused("too_many_pages", f"more than {limits.MAX_ROWS} rows or {limits.MAX_CELLS} cells")
    page, sheet = sheet_of("table", 1, rows)
    return Parsed(kind=kind, pages=[page], sheets=[sheet])


def delimiter(text: str) -> str:
    """The delimiter that gives most lines the same number (more than one) of fields."""
    lines = [line for line in text.split("\n")[:_SAMPLE_LINES] if line.strip()]
    best, best_score = ",", 0.0
    for candidate in _DELIMITERS:
        counts = Counter(len(row) for row in csv.reader(lines, delimiter=candidate))
        width, agreeing = counts.most_common(1)[0]
        score = agreeing / len(lines) * min(width - 1, 8)
        if width > 1 and score > best_score:
            best, best_score = candidate, score
    return best
