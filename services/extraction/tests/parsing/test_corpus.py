"""Every file of the real and hostile collection is read, or refused with a code, as its manifest expects."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from etter_common.errors import AppError
from etter_extraction import sandbox
from etter_extraction.answering import Answer, Request
from etter_extraction.parsing.detection import detect

_EXCEPTIONS = {
    "generic/fake.odt": "DOCUMENT_TYPE_NOT_ALLOWED",  # OpenDocument is not taken yet
    "generic/single_table.pdf": "DOCUMENT_NO_TEXT_LAYER",  # a picture: reading it needs character recognition
}


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


async def _outcome(path: Path) -> str | Answer:
    try:
        kind = detect(path.name, _head(path))
        return await sandbox.extract(path, kind, path.name, Request(date(2026, 6, 1)))
    except AppError as error:
        return error.code


def _complaints(entry: dict[str, Any], outcome: str | Answer) -> list[str]:
    name, expect = entry["file"], entry["expect"]
    if isinstance(outcome, str):
        fine = expect != "ok" or _EXCEPTIONS.get(name) == outcome
        return [] if fine else [f"{name}: refused with {outcome}"]
    if expect == "reject":
        return [f"{name}: read, but was to be refused"]
    texts = {page.number: page.text for page in outcome.pages}
    whole = "".join("".join(texts.values()).split())
    missing = [text for text in entry.get("must_contain", []) if "".join(text.split()) not in whole]
    shown = [text for text in entry.get("must_not_contain", []) if "".join(text.split()) in whole]
    astray = [one.quote for one in outcome.facts if texts[one.page][one.start : one.end] != one.quote]
    return [f"{name}: missing {missing}, shown {shown}, astray {astray}"] if missing or shown or astray else []


async def test_every_file_of_the_collection_ends_as_expected(shared_data: Path) -> None:
    folder = shared_data / "corpus"
    complaints: list[str] = []
    for entry in json.loads((folder / "manifest.json").read_text()):
        complaints += _complaints(entry, await _outcome(folder / entry["file"]))
    assert complaints == []
