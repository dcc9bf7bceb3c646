"""CSV and TSV: the encoding and the delimiter are found, never assumed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from etter_extraction.parsing import limits
from etter_extraction.parsing.encoding import decode
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source
from etter_extraction.parsing.writing import PageWriter

_DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 200


def read(path: Source, kind: str) -> Parsed:
    text = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Refused("empty", "the file holds white space only")
    writer = PageWriter(1, "table")
    csv.field_size_limit(limits.MAX_TEXT)
    try:
        table = writer.add_table("table", _bounded(csv.reader(io.StringIO(text), delimiter=delimiter(text))))
    except csv.Error as error:
        raise Refused("damaged", "the quotes of the CSV do not match") from error
    return Parsed(kind, [writer.page()], tables=[table])


def _bounded(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """Raises `Refused` past the limits, before the rest is read."""
    cells = 0
    for number, row in enumerate(rows):
        cells += len(row)
        if number >= limits.MAX_ROWS or cells > limits.MAX_CELLS or len(row) > limits.MAX_COLUMNS:
            raise Refused("too_many_cells", f"more than {limits.MAX_ROWS} rows or {limits.MAX_CELLS} cells")
        yield row


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
