"""One reader per family of formats, loaded in the sandbox's processes only."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from etter_extraction.parsing import limits
from etter_extraction.parsing.detection import (
    ARCHIVES,
    HEAD_BYTES,
    OLE_KINDS,
    PICTURES,
    check_archive,
    detect,
    kind_of_name,
)
from etter_extraction.parsing.errors import DocumentNoTextLayer, DocumentTypeNotAllowed
from etter_extraction.parsing.parsed import Note, Parsed, Pictures
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source, opened

PROFILES: Final = {
    "text": (
        "pdf", "docx", "sheets", "pptx", "html", "delimited", "plain", "rtf", "odt", "mail", "ole", "old_office",
    ),
    "pictures": ("pdf", "pictures", "ole"),
}  # fmt: skip
"""What each kind of reading process loads before it forks."""
_READERS: Final = {
    "pdf": "pdf", "docx": "docx", "xlsx": "sheets", "xls": "sheets", "ods": "sheets", "pptx": "pptx", "html": "html",
    "csv": "delimited", "text": "plain", "rtf": "rtf", "odt": "odt", "eml": "mail", "msg": "mail", "image": "pictures",
    "doc": "old_office", "ppt": "old_office",
}  # fmt: skip


def read(source: Source, kind: str, filename: str, *, pictures: Pictures = "leave_out", depth: int = 0) -> Parsed:
    """Text, blocks and tables of a file. Raises `Refused`."""
    if kind in OLE_KINDS:
        ole: Any = importlib.import_module(f"{__name__}.ole")
        kind = ole.kind_of(source, kind)
    reader: Any = importlib.import_module(f"{__name__}.{_READERS[kind]}")
    ways: dict[str, Any] = {}
    if kind in ("eml", "msg"):
        ways["read_part"] = partial(_read_part, pictures=pictures, depth=depth + 1)
    elif kind == "pdf":
        ways["pictures"] = pictures
    parsed: Parsed = reader.read(source, kind, **ways)
    return _noted(parsed, kind, filename)


def _read_part(source: Source, filename: str, *, pictures: Pictures, depth: int) -> Parsed:
    """A file within a file, by its own bytes and name."""
    if depth > limits.MAX_MAIL_DEPTH:
        raise Refused("nested_too_deep", f"mails are nested more than {limits.MAX_MAIL_DEPTH} deep")
    with opened(source) as file:
        kind = detect(filename, file.read(HEAD_BYTES))
    if kind in ARCHIVES:
        kind = check_archive(source, kind)
    if kind in PICTURES and pictures != "read":
        raise DocumentNoTextLayer
    return read(source, kind, filename, pictures=pictures, depth=depth)


def _noted(parsed: Parsed, kind: str, filename: str) -> Parsed:
    """With a note where the content is not what the name says."""
    try:
        named = kind_of_name(filename)
    except DocumentTypeNotAllowed:
        return parsed
    if named in (kind, None):
        return parsed
    message = f"The name says {named}, the content is {kind}. The content was read."
    return replace(parsed, notes=[*parsed.notes, Note("CONTENT_IS_NOT_WHAT_THE_NAME_SAYS", message)])
