"""What a file is by its bytes, held against its name. Runs before anything is stored or parsed.

The content decides where it is unambiguous and a program or a person may well have named it so: an Office file under
another one's name, HTML or CSV named `.xls`. A reader notes it. Anything else under a wrong name is refused.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from pathlib import PurePosixPath
from typing import Final, Literal

from etter_extraction.parsing import limits
from etter_extraction.parsing.errors import (
    DocumentDamaged,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentExpandsTooMuch,
    DocumentTooManyParts,
    DocumentTypeMismatch,
    DocumentTypeNotAllowed,
)
from etter_extraction.parsing.source import Source, given
from etter_extraction.parsing.tail import Tail

Kind = Literal[
    "pdf",
    "docx",
    "xlsx",
    "xls",
    "pptx",
    "html",
    "csv",
    "text",
    "rtf",
    "odt",
    "ods",
    "eml",
    "msg",
    "image",
    "doc",
    "ppt",
]

BY_SUFFIX: Final[dict[str, Kind]] = {
    ".pdf": "pdf", ".docx": "docx", ".docm": "docx", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".pptx": "pptx",
    ".html": "html", ".htm": "html", ".csv": "csv", ".tsv": "csv", ".txt": "text", ".md": "text", ".rtf": "rtf",
    ".odt": "odt", ".ods": "ods", ".eml": "eml", ".msg": "msg", ".png": "image", ".jpg": "image", ".jpeg": "image",
    ".tif": "image", ".tiff": "image", ".doc": "doc", ".ppt": "ppt",
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
    "rtf": "application/rtf",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "eml": "message/rfc822",
    "msg": "application/vnd.ms-outlook",
    "image": "image/*",
    "doc": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
}
HEAD_BYTES: Final = 4096
ARCHIVES: Final = ("docx", "xlsx", "pptx", "odt", "ods")
PICTURES: Final = ("image",)
OLE_KINDS: Final = ("xls", "doc", "ppt", "msg")

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"
_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_FOREIGN: Final = (
    b"\x7fELF", b"MZ", b"GIF8", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BM",
    b"OggS", b"ID3", b"RIFF",
)  # fmt: skip
_OFFICE: Final[dict[str, Kind]] = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_OPEN_DOCUMENT: Final[dict[bytes, Kind]] = {
    b"application/vnd.oasis.opendocument.text": "odt", b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}  # fmt: skip
OLE_STREAMS: Final[tuple[tuple[str, Kind], ...]] = (
    ("WordDocument", "doc"), ("PowerPoint Document", "ppt"), ("__properties_version1.0", "msg"), ("__nameid", "msg"),
    ("__substg1.0_", "msg"), ("Workbook", "xls"), ("Book", "xls"),
)  # fmt: skip
_ENDING: Final = re.compile(r"\.[a-z][a-z0-9]{1,5}")
_HTML: Final = re.compile(r"<(?:!doctype\s{1,10}html|html|head|body|table|meta|div)\b", re.IGNORECASE)
_HEADER: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):")
_MAIL_NAMES: Final = frozenset({"mime-version", "received", "return-path", "message-id", "from", "subject"})
_MOST_HEADERS: Final = 60
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SHEETS: Final = ("xls", "xlsx", "ods")
_WORDS: Final = ("doc", "docx", "odt", "rtf")
_IN_ARCHIVE: Final = ("pdf", *_SHEETS, *_WORDS, "pptx", "ppt")
_MIN_LINES: Final = 2


def supported() -> str:
    """The endings that are read, as an error lists them."""
    return ", ".join(sorted(BY_SUFFIX))


def kind_of_name(filename: str) -> Kind | None:
    """What the name says the file is; `None` for a name without an ending. Raises `DocumentTypeNotAllowed`."""
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix.lower()
    if not _ENDING.fullmatch(suffix):
        return None
    if suffix not in BY_SUFFIX:
        raise DocumentTypeNotAllowed(f"Unsupported file type {suffix}. Supported types: {supported()}")
    return BY_SUFFIX[suffix]


def detect(filename: str, head: bytes) -> Kind:
    """The kind of a file by its first bytes and its name. Raises what is wrong with them.

    Of an archive only `check_archive` knows the kind for sure.
    """
    named = kind_of_name(filename)
    if not head:
        raise DocumentEmpty("the file has no bytes")
    if head.startswith(_FOREIGN):
        raise DocumentTypeNotAllowed(f"The content is a program, archive or recording. Supported types: {supported()}")
    return _marked(named, head) or _text(named, head)


def _marked(named: Kind | None, head: bytes) -> Kind | None:
    """The kind of a file that begins with a mark of its format."""
    if head.startswith(_ZIP):
        return _archive(named, head)
    if head.startswith(_OLE):
        return _ole(named, head)
    if head.startswith(_PICTURES):
        _require(named in ("image", None), "a picture")
        return "image"
    if head.startswith(b"{\\rtf"):
        _require(named in (*_WORDS, "text", None), "rich text (RTF)")
        return "rtf"
    if head.lstrip().startswith(b"%PDF-") or (named == "pdf" and b"%PDF-" in head[:1024]):
        _require(named in (*_IN_ARCHIVE, None), "a PDF")
        return "pdf"
    return "xls" if named == "xls" and head.startswith(b"\x09\x08") else None


def _archive(named: Kind | None, head: bytes) -> Kind:
    _require(named in (*_IN_ARCHIVE, None), "an archive")
    for media_type, kind in _OPEN_DOCUMENT.items():
        if media_type in head[:120]:
            return kind
    return next((kind for prefix, kind in _OFFICE.items() if prefix.encode() in head), "docx")


def _ole(named: Kind | None, head: bytes) -> Kind:
    """The old container of Office; where its directory comes later than `head`, the name decides."""
    if "EncryptedPackage".encode("utf-16-le") in head:
        raise DocumentEncrypted
    found = next((kind for stream, kind in OLE_STREAMS if stream.encode("utf-16-le") in head), None)
    if found is None and named in ("docx", "xlsx", "pptx"):  # Office wraps a protected file into the old container
        raise DocumentEncrypted
    kind = found or named
    _require(kind in ("xls", "doc", "ppt", "msg"), "an old Office file")
    _require(named in (*_IN_ARCHIVE, "msg", None), "an old Office file")
    return kind or "xls"


def _is_html(text: str) -> bool:
    """Whether the first tag, after a declaration and comments, is one that opens a page."""
    rest = text.lstrip()
    for opening, closing in (("<?xml", "?>"), *[("<!--", "-->")] * _MOST_HEADERS):
        if rest.startswith(opening):
            rest = rest.partition(closing)[2].lstrip()
    return _HTML.match(rest) is not None


def _is_mail(text: str) -> bool:
    """Whether it begins with the headers of a mail: at least two, one of them a mail's own."""
    names: list[str] = []
    for line in text.splitlines()[:_MOST_HEADERS]:
        header = _HEADER.match(line)
        if not header and line[:1] not in (" ", "\t"):
            break
        names += [header[1].lower()] if header else []
    return len(names) > 1 and not _MAIL_NAMES.isdisjoint(names)


def _text(named: Kind | None, head: bytes) -> Kind:
    text = _decoded(head)
    if named in ("csv", "text", "html", "eml"):
        is_page = named in ("csv", "text") and _is_html(text)
        return "html" if is_page else named
    if named is None and _CONTROL.search(text):
        raise DocumentTypeNotAllowed(f"The content is of no known type. Supported types: {supported()}")
    if _CONTROL.search(text):
        raise DocumentDamaged(f"the content is no {(named or 'text').upper()}")
    if _is_html(text) and named in (*_SHEETS, *_WORDS, None):
        return "html"
    if _is_mail(text) and named in (*_SHEETS, "doc", "msg", None):  # a web archive is a mail, too
        return "eml"
    if named in (*_SHEETS, None) and _is_delimited(text):
        return "csv"
    _require(named is None, f"no {(named or '').upper()} file")
    return "text"


def _decoded(head: bytes) -> str:
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return head.decode(encoding, errors="replace")


def _is_delimited(text: str) -> bool:
    """Whether nearly all lines have the same number of delimiters, at least one."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    if len(lines) > _MIN_LINES and not text.endswith("\n"):
        lines.pop()  # cut off where the head ends
    for delimiter in "\t;,|":
        counts = Counter(line.count(delimiter) for line in lines)
        count, lines_alike = counts.most_common(1)[0] if counts else (0, 0)
        if count and len(lines) >= _MIN_LINES and lines_alike >= 0.9 * len(lines):
            return True
    return False


def check_archive(file: Source | Tail, kind: str) -> Kind:
    """The kind of an Office file by its parts: not too many, not growing too much, none outside the archive."""
    try:
        with zipfile.ZipFile(file if isinstance(file, Tail) else given(file)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DocumentDamaged("the archive inside cannot be opened") from error
    check_members(members)
    found = _kind_of([member.filename for member in members], kind)
    if found is None:
        raise DocumentTypeMismatch(f"the content is a plain archive, not {kind}")
    return found


def check_members(members: list[zipfile.ZipInfo]) -> None:
    """Raises what is wrong with an archive by its directory."""
    if any(member.flag_bits & 0x1 for member in members):
        raise DocumentEncrypted
    if len(members) > limits.MAX_MEMBERS:
        raise DocumentTooManyParts(f"{len(members)} parts; at most {limits.MAX_MEMBERS}")
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if unpacked > limits.MAX_UNPACKED or (unpacked > 10_000_000 and unpacked > limits.MAX_RATIO * max(packed, 1)):
        raise DocumentExpandsTooMuch(f"{unpacked} bytes unpacked from {packed}")
    for name in (member.filename.replace("\\", "/") for member in members):
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise DocumentDamaged("a part's name points outside the document")


def _kind_of(names: list[str], kind: str) -> Kind | None:
    if "content.xml" in names and kind in ("odt", "ods"):
        return "odt" if kind == "odt" else "ods"
    return next((office for prefix, office in _OFFICE.items() if any(n.startswith(prefix) for n in names)), None)


def _require(holds: bool, detail: str) -> None:
    if not holds:
        raise DocumentTypeMismatch(f"the content is {detail}")
