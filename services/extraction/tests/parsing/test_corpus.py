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

_CODES = {
    "encrypted": {"DOCUMENT_ENCRYPTED"},
    "not a PDF / damaged": {"DOCUMENT_TYPE_MISMATCH", "DOCUMENT_DAMAGED"},
    "no pages": {"DOCUMENT_DAMAGED"},
    "damaged": {"DOCUMENT_DAMAGED", "DOCUMENT_TYPE_MISMATCH"},
    "type mismatch": {"DOCUMENT_TYPE_MISMATCH"},
    "type mismatch / image too large": {"DOCUMENT_TYPE_MISMATCH", "DOCUMENT_IMAGE_TOO_LARGE"},
    "entity expansion": {"DOCUMENT_DAMAGED"},
    "nesting too deep": {"DOCUMENT_NESTED_TOO_DEEP"},
    "type not allowed": {"DOCUMENT_TYPE_NOT_ALLOWED"},
    "decompressed size over limit": {"DOCUMENT_EXPANDS_TOO_MUCH", "DOCUMENT_OUT_OF_MEMORY", "DOCUMENT_NO_TEXT_LAYER"},
    "too many pages": {"DOCUMENT_TOO_MANY_PAGES"},
    "no text": {"DOCUMENT_EMPTY"},
    "damaged page tree": {"DOCUMENT_DAMAGED"},
    "unsafe member name": {"DOCUMENT_DAMAGED"},
    "image too large": {"DOCUMENT_IMAGE_TOO_LARGE"},
    "too many cells / decompressed size over limit": {"DOCUMENT_TOO_MANY_CELLS", "DOCUMENT_EXPANDS_TOO_MUCH"},
    "cell range too large": {"DOCUMENT_TOO_MANY_CELLS"},
    "time limit": {"DOCUMENT_OUT_OF_MEMORY", "DOCUMENT_CPU_TIMEOUT", "DOCUMENT_TIMEOUT"},
    "DTD/entity not allowed": {"DOCUMENT_DAMAGED"},
    "DTD not allowed": {"DOCUMENT_DAMAGED"},
    "empty file": {"DOCUMENT_EMPTY"},
    "not an Office document": {"DOCUMENT_TYPE_MISMATCH"},
    None: {"DOCUMENT_EMPTY", "DOCUMENT_DAMAGED", "DOCUMENT_NO_TEXT_LAYER"},
}
"""The codes that fit what the manifest says is wrong with a file."""


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
        fits = expect in ("reject", "ok_or_reject") and outcome in _CODES[entry.get("reject_reason")]
        return [] if fits else [f"{name}: refused with {outcome}"]
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
