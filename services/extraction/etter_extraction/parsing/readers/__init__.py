"""One reader per family of formats, loaded in the sandbox's processes only."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

from etter_extraction.parsing.parsed import Parsed

PROFILES: Final = {
    "text": ("pdf", "docx", "sheets", "pptx", "html", "delimited", "plain"),
}
"""What each kind of reading process loads before it forks."""
READERS: Final = {
    "pdf": "pdf", "docx": "docx", "xlsx": "sheets", "xls": "sheets", "pptx": "pptx", "html": "html", "csv": "delimited",
    "text": "plain",
}  # fmt: skip


def read(path: Path, kind: str, filename: str, *, ocr: bool = False) -> Parsed:
    """Text, blocks and tables of a file. Raises `Refused`."""
    reader: Any = importlib.import_module(f"etter_extraction.parsing.readers.{READERS[kind]}")
    parsed: Parsed = reader.read(path, kind)
    return parsed
