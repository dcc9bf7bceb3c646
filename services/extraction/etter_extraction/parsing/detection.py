"""What a file is by its bytes, held against its name. Runs before anything is stored or parsed."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from etter_extraction.parsing import limits
from etter_extraction.parsing.errors import (
    DocumentDamaged,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentExpandsTooMuch,
    DocumentTypeMismatch,
    DocumentTypeNotAllowed,
)
from etter_extraction.parsing.tail import Tail

Kind = Literal["pdf", "docx", "xlsx", "xls", "pptx", "html", "csv", "text"]

BY_SUFFIX: Final[dict[str, Kind]] = {
    ".pdf": "pdf", ".docx": "docx", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".pptx": "pptx",
    ".html": "html", ".htm": "html", ".csv": "csv", ".tsv": "csv", ".txt": "text", ".md": "text",
}  # fmt: skip
MEDIA_TYPES: Final[dict[Kind, str]] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "html": "text/html",
    "csv": "text/csv",
    "text": "text/plain",
}
HEAD_BYTES: Final = 4096
ARCHIVES: Final = ("docx", "xlsx", "pptx")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY: Final = (
    b"\x7fELF", b"MZ", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b", b"BM", b"II*\x00", b"MM\x00*", b"OggS", b"ID3", b"RIFF",
)  # fmt: skip
_OFFICE: Final[dict[str, Kind]] = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}


def detect(filename: str, head: bytes) -> Kind:
    """The kind by name, confirmed by the first bytes. Raises what is wrong with them."""
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix.lower()
    kind = BY_SUFFIX.get(suffix)
    if kind is None:
        allowed = ", ".join(sorted(BY_SUFFIX))
        raise DocumentTypeNotAllowed(f"{suffix or 'a name without an ending'} is not taken; taken are {allowed}")
    if not head:
        raise DocumentEmpty("the file has no bytes")
    if kind == "pdf":
        _require(b"%PDF-" in head[:1024], "not a PDF")
        _require(not head.startswith((*_BINARY, b"PK\x03\x04")), "not a PDF")
    elif kind in ARCHIVES:
        if head.startswith(_OLE):  # Office wraps a protected file into the old container
            raise DocumentEncrypted
        _require(head.startswith(b"PK"), f"not a {kind.upper()} file")
    elif kind == "xls":
        _require(head.startswith((_OLE, b"PK", b"\x09\x08")), "not an Excel file")
    else:
        _require(not head.startswith((*_BINARY, _OLE, b"PK\x03\x04", b"%PDF-")), "not text")
    return kind


def check_archive(file: Path | Tail, kind: str) -> None:
    """An Office file's members: of the right kind, not too many, not growing too much, none outside the archive."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DocumentDamaged("the archive inside cannot be opened") from error
    if any(member.flag_bits & 0x1 for member in members):
        raise DocumentEncrypted
    if len(members) > limits.MAX_MEMBERS:
        raise DocumentExpandsTooMuch(f"more than {limits.MAX_MEMBERS} parts")
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if unpacked > limits.MAX_UNPACKED or (unpacked > 10_000_000 and unpacked > limits.MAX_RATIO * max(packed, 1)):
        raise DocumentExpandsTooMuch(f"{unpacked} bytes unpacked from {packed}")
    names = [member.filename for member in members]
    if any(name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts for name in names):
        raise DocumentDamaged("a part's name points outside the document")
    found = next((office for prefix, office in _OFFICE.items() if any(n.startswith(prefix) for n in names)), None)
    if found != kind:
        raise DocumentTypeMismatch(f"the content is {found or 'a plain archive'}, not {kind}")


def _require(holds: bool, detail: str) -> None:
    if not holds:
        raise DocumentTypeMismatch(f"the content is {detail}")
