"""Documents made of words, read by the readers of their formats."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from etter_extraction.facts.finding import find_facts
from etter_extraction.facts.model import Found
from etter_extraction.parsing.parsed import Parsed

_READERS = {"txt": ("plain", "text"), "html": ("html", "html"), "docx": ("docx", "docx"), "csv": ("delimited", "csv")}
Finder = Callable[..., Found]


@pytest.fixture
def find(tmp_path: Path) -> Finder:
    """The facts of a document of the given format; every quote is checked against the stored text."""

    def found(content: str | bytes, suffix: str = "txt", name: str = "document") -> Found:
        path = tmp_path / f"{name}.{suffix}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        reader, kind = _READERS[suffix]
        parsed: Parsed = importlib.import_module(f"etter_extraction.parsing.readers.{reader}").read(path, kind)
        answer = find_facts(parsed, path.name, as_of=date(2026, 1, 1))
        texts = {page.number: page.text for page in parsed.pages}
        for one in answer.facts:
            assert texts[one.page][one.start : one.end] == one.quote
        return answer

    return found


def values(found: Found, kind: str, role: int | None = None) -> list[object]:
    return [one.value for one in found.facts if one.type == kind and role in (None, one.role)]
