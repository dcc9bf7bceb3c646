"""RTF: its text by striprtf, with tables as grids; headings and lists by the look of the lines."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

from striprtf.striprtf import rtf_to_text

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.readers.plain import write_text
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source
from etter_extraction.parsing.writing import PageWriter, Piece

_BULLET: Final = re.compile(r"^[ \t]*[·§\u2022\uf0b7]\t?[ \t]*", re.MULTILINE)
_LIST_TEXT: Final = re.compile(r"\{\\(?:listtext|pntext)[^{}]{0,300}\}")
_NUMBER: Final = re.compile(r"\d{1,2}[.)]")


def read(path: Source, kind: str) -> Parsed:
    source = path.read_bytes().decode("latin-1")
    if not source.rstrip("\x00 \r\n\t").endswith("}"):
        raise Refused("damaged", "the RTF ends too early")
    try:
        text: str = rtf_to_text(_LIST_TEXT.sub(_marker, source), errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, LookupError, OverflowError) as error:
        raise Refused("damaged", "the RTF cannot be read") from error
    text = _BULLET.sub("• ", text.replace("\x00", "").replace("\xad", ""))
    if not text.strip():
        raise Refused("empty", "the document has no text")
    if len(text) > limits.MAX_TEXT:
        raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
    writer = PageWriter(1, "body")
    for is_row, lines in groupby(text.split("\n"), key=lambda line: line.rstrip().endswith("|")):
        if is_row:
            rows = [[cell.strip() for cell in line.rstrip()[:-1].split("|")] for line in lines]
            writer.add_grid([[[Piece(" ".join(cell.split()))] if cell else [] for cell in row] for row in rows])
        else:
            write_text(writer, "\n".join(lines))
    return Parsed(kind, [writer.page()], writer.blocks, writer.tables)


def _marker(match: re.Match[str]) -> str:
    """What a list item begins with, as text that is kept."""
    number = _NUMBER.search(match[0])
    return f"{number[0]} " if number else "\\bullet  "
