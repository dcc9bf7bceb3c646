"""Texts in CSV that a spreadsheet reads as texts (OWASP: CSV injection)."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

Cell = str | float | None
_FORMULA: Final = frozenset("=+-@\u2212")


def written(rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180, UTF-8. All texts are quoted: where the list separator is a semicolon, one within the first column would
    begin a cell otherwise.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue().encode()


def harmless(text: str) -> str:
    """`text`, after an apostrophe where its first visible character may begin a formula, in full width as well."""
    first = next((char for char in text if unicodedata.category(char)[0] not in "ZC"), "")
    is_formula = unicodedata.normalize("NFKC", first)[:1] in _FORMULA
    is_hidden = unicodedata.category(text[0])[0] == "C" if text else False  # a tab or a line's end at the start
    return f"'{text}" if is_formula or is_hidden else text
