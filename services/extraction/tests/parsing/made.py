"""Makes small files of formats that no library here writes."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass, field

_SECTOR, _MINI = 512, 64
_END, _FREE, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF


@dataclass
class _Entry:
    name: str
    kind: int  # 5 root, 1 storage, 2 stream
    data: bytes = b""
    children: list[int] = field(default_factory=list)
    start: int = _END


def ole(tree: dict[str, object]) -> bytes:
    """A compound file of small streams: values are bytes, or a dictionary for a storage."""
    entries = [_Entry("Root Entry", 5)]
    _collect(entries, 0, tree)
    mini_fat: list[int] = []
    mini = b""
    for entry in entries[1:]:
        if entry.kind == 2 and entry.data:
            entry.start = len(mini_fat)
            count = -(-len(entry.data) // _MINI)
            mini_fat += [*range(entry.start + 1, entry.start + count), _END]
            mini += entry.data.ljust(count * _MINI, b"\0")
    entries[0].data = mini
    parts = [
        b"".join(map(_directory_entry, _with_siblings(entries))),
        struct.pack(f"<{len(mini_fat)}I", *mini_fat),
        mini,
    ]
    sectors, fat, starts = [b""], [0xFFFFFFFD], []
    for part, filling in zip(parts, (b"\0", b"\xff", b"\0"), strict=True):
        count = max(1, -(-len(part) // _SECTOR))
        starts.append(len(fat))
        fat += [*range(len(fat) + 1, len(fat) + count), _END]
        sectors.append(part.ljust(count * _SECTOR, filling))
    directory = bytearray(sectors[1])
    struct.pack_into("<I", directory, 116, starts[2])
    sectors[1] = bytes(directory)
    sectors[0] = struct.pack(f"<{len(fat)}I", *fat).ljust(_SECTOR, b"\xff")
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, starts[0], 0, 4096,
        starts[1], -(-len(sectors[2]) // _SECTOR), _END, 0, 0,
    )  # fmt: skip
    return header.ljust(_SECTOR, b"\xff") + b"".join(sectors)


def _collect(entries: list[_Entry], parent: int, tree: dict[str, object]) -> None:
    for name, value in tree.items():
        number = len(entries)
        entries[parent].children.append(number)
        if isinstance(value, dict):
            entries.append(_Entry(name, 1))
            _collect(entries, number, value)
        else:
            assert isinstance(value, bytes)
            entries.append(_Entry(name, 2, value))


def _with_siblings(entries: list[_Entry]) -> list[tuple[_Entry, int]]:
    right = dict.fromkeys(range(len(entries)), _NONE)
    for entry in entries:
        for left, following in zip(entry.children, entry.children[1:], strict=False):
            right[left] = following
    return [(entry, right[number]) for number, entry in enumerate(entries)]


def _directory_entry(pair: tuple[_Entry, int]) -> bytes:
    entry, right = pair
    name = entry.name.encode("utf-16-le")
    child = entry.children[0] if entry.children else _NONE
    return struct.pack(
        "<64sHBBIII16xI8x8xIQ", name, len(name) + 2, entry.kind, 1, _NONE, right, child, 0, entry.start, len(entry.data)
    )


def msg(subject: str, body: str, attachment: tuple[str, bytes]) -> bytes:
    def text(value: str) -> bytes:
        return value.encode("utf-16-le")

    def properties(*tags: tuple[int, int]) -> bytes:
        return b"".join(struct.pack("<IIQ", tag, 6, value) for tag, value in tags)

    name, content = attachment
    return ole({
        "__nameid_version1.0": {"__substg1.0_00020102": b"", "__substg1.0_00030102": b"", "__substg1.0_00040102": b""},
        "__substg1.0_0037001F": text(subject),
        "__substg1.0_1000001F": text(body),
        "__properties_version1.0": struct.pack("<8xIIII8x", 0, 1, 0, 1)
        + properties((0x340D0003, 0x40000), (0x0037001F, 2), (0x1000001F, 2)),
        "__attach_version1.0_#00000000": {
            "__substg1.0_3707001F": text(name),
            "__substg1.0_37010102": content,
            "__properties_version1.0": bytes(8) + properties((0x37050003, 1), (0x3707001F, 2), (0x37010102, 2)),
        },
    })  # fmt: skip


_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for name, long in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"), ("draw", "drawing"),
        ("fo", "xsl-fo-compatible"),
    )
)  # fmt: skip


def open_document(kind: str, body: str, styles: str = "", *, manifest: str = "") -> bytes:
    """An ODT or ODS file by the content of its body and automatic styles."""
    element = "text" if kind == "odt" else "spreadsheet"
    media_type = f"application/vnd.oasis.opendocument.{element}"
    content = (
        f'<?xml version="1.0"?><office:document-content {_SPACES} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:{element}>{body}</office:{element}></office:body>"
        "</office:document-content>"
    )
    described = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
        f"{manifest}</manifest:manifest>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", media_type)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", described)
    return file.getvalue()
