"""DOC and PPT, which only an office program can read."""

from __future__ import annotations

from typing import Final

from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source

_INSTEAD: Final = {"doc": "DOCX or PDF", "ppt": "PPTX or PDF"}


def read(source: Source, kind: str) -> Parsed:  # noqa: ARG001 - every reader is called so
    raise Refused("needs_conversion", f"{kind.upper()} files are not read. Save the file as {_INSTEAD[kind]}.")
