"""What XLSX says of cells besides their values: currency and percent formats, hidden rows and columns, lost formulas.

The values come from another reader; here the sheet's XML is only searched, as a stream, never built as a tree.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from etter_extraction.parsing import limits
from etter_extraction.parsing.readers.office import office_part
from etter_extraction.parsing.refusal import Refused

_M: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_CHUNK: Final = 1 << 20
_CELL: Final = re.compile(rb'<(?:\w{1,9}:)?c\s[^<>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_STYLED: Final = re.compile(rb"<(?:\w{1,9}:)?c\s([^<>]{1,300})>")
_ADDRESS: Final = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_STYLE: Final = re.compile(rb'\bs="(\d{1,6})"')
_HIDDEN_ROW: Final = re.compile(rb'<(?:\w{1,9}:)?row\s[^<>]{0,400}?\bhidden="(?:1|true)"[^<>]{0,400}>')
_ROW_NUMBER: Final = re.compile(rb'\sr="(\d{1,7})"')
_HIDDEN_COLUMNS: Final = re.compile(rb'<(?:\w{1,9}:)?col\s[^<>]{0,400}?\bhidden="(?:1|true)"[^<>]{0,400}>')
_MIN: Final = re.compile(rb'\bmin="(\d{1,6})"')
_MAX: Final = re.compile(rb'\bmax="(\d{1,6})"')
_LOST_FORMULA: Final = re.compile(
    rb'\br="([A-Z]{1,3})(\d{1,7})"[^<>]{0,200}>'
    rb"(?:<f[^<>]{0,200}/>|<f[^<>]{0,200}>[^<>]{0,8192}</f>)(?:<v\s?/>|<v></v>)?</c>"
)
_CODE: Final = re.compile(r"\[\$([^\]-]{1,8})(?:-[^\]]{0,12})?\]")
_IN_BRACKETS: Final = re.compile(r"\[[^\[\]]{0,40}\]")
_QUOTED: Final = re.compile(r'"([^"]{1,12})"')
_SYMBOL: Final = re.compile(r"[$£€¥₹₺₽₩₪฿]|\b(?:kr|zł|Kč|Ft|CHF|[A-Z]{3})\b")


@dataclass(slots=True)
class Look:
    """Of one sheet, by row and column from 0."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    lost: set[tuple[int, int]] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    columns: dict[int, bytearray] = field(default_factory=dict)  # by row: 0, or 1 + the place in `shown`

    def prefix(self, row: int, column: int) -> str:
        """What the format shows next to a number: a currency, `%`, or nothing."""
        rows = self.columns.get(column)
        number = rows[row] if rows and row < len(rows) else 0
        return self.shown[number - 1] if number else ""

    def note_prefix(self, row: int, column: int, prefix: str) -> None:
        if prefix not in self.shown and len(self.shown) < 250:
            self.shown.append(prefix)
        if prefix in self.shown:
            rows = self.columns.setdefault(column, bytearray())
            rows.extend(bytes(row + 1 - len(rows)) if row >= len(rows) else b"")
            rows[row] = self.shown.index(prefix) + 1


def looks_of(archive: zipfile.ZipFile) -> dict[str, Look]:
    """The looks of all sheets by name. Raises `Refused` for a sheet that reaches too far or unpacks to too much."""
    formats = _formats(archive)
    return {name: _look(archive, part, formats) for name, part in _sheets(archive)}


def prefix_of(code: str) -> str | None:
    """What a number format shows in front of a number: a currency, or `%` for percent; `None` for anything else."""
    shown = code.split(";")[0]
    if match := _CODE.search(shown):
        return match[1].strip() or None
    plain = _IN_BRACKETS.sub("", shown)
    for quoted in _QUOTED.findall(plain):
        if match := _SYMBOL.search(quoted):
            return match[0]
    bare = _QUOTED.sub("", plain).replace("\\", "")
    if "%" in bare:
        return "%"
    match = re.search(r"[$£€¥₹]", bare)
    return match[0] if match else None


def _formats(archive: zipfile.ZipFile) -> dict[int, str]:
    """By cell style: what its format shows in front of a number."""
    if "xl/styles.xml" not in archive.namelist():
        return {}
    root = office_part(archive, "xl/styles.xml")
    codes = {int(one.get("numFmtId", 0)): one.get("formatCode", "") for one in root.iter(f"{_M}numFmt")}
    codes |= {9: "0%", 10: "0.00%"}
    shown = {number: prefix for number, code in codes.items() if (prefix := prefix_of(code))}
    styles = root.find(f"{_M}cellXfs")
    found = enumerate(styles if styles is not None else [])
    return {number: shown[id_] for number, one in found if (id_ := int(one.get("numFmtId", 0))) in shown}


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Names of the sheets with their parts."""
    targets = _targets(archive, "xl/workbook.xml")
    names = set(archive.namelist())
    for sheet in office_part(archive, "xl/workbook.xml").iter(f"{_M}sheet"):
        part = targets.get(sheet.get(f"{_R}id", ""), "")
        if part in names:
            yield sheet.get("name", ""), part


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """What the relations of a part point to, by their id."""
    folder, name = posixpath.split(part)
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.namelist():
        return {}
    found: dict[str, str] = {}
    for one in office_part(archive, relations):
        target = one.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found[one.get("Id", "")] = path
    return found


def _look(archive: zipfile.ZipFile, part: str, formats: dict[int, str]) -> Look:
    """Search a sheet row by row; a row without an end, as no program writes it, is searched in pieces."""
    look = Look(texts=list(_text_boxes(archive, part)))
    reach = _Reach()
    rest, inflated = b"", 0
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            inflated += len(chunk)
            if inflated > limits.MAX_UNPACKED:
                raise Refused("expands_too_much", "a sheet unpacks to too many bytes")
            data = rest + chunk
            cut = data.rfind(b"</row>") + 6 if b"</row>" in data else 0
            cut = cut or (data.rfind(b"</c>") + 4 if len(data) > 8 * _CHUNK else 0)
            reach.include(data[:cut])
            _search(data[:cut], look, formats)
            rest = data[cut:]
    reach.include(rest)
    _search(rest, look, formats)
    return look


class _Reach:
    """How far a sheet's cells reach. Raises `Refused` past the limits: a reader holds the whole rectangle."""

    def __init__(self) -> None:
        self._rows = 0
        self._columns = 0

    def include(self, data: bytes) -> None:
        for match in _CELL.finditer(data):
            self._rows = max(self._rows, int(match[2]))
            self._columns = max(self._columns, column_of(match[1]) + 1)
        if self._rows > limits.MAX_ROWS or self._rows * self._columns > limits.MAX_WORKBOOK_CELLS:
            raise Refused("too_many_cells", f"a sheet reaches row {self._rows}, column {self._columns}")


def _search(data: bytes, look: Look, formats: dict[int, str]) -> None:
    for match in _STYLED.finditer(data) if formats else ():
        style, address = _STYLE.search(match[1]), _ADDRESS.search(match[1])
        if style and address and (prefix := formats.get(int(style[1]))):
            look.note_prefix(int(address[2]) - 1, column_of(address[1]), prefix)
    for match in _HIDDEN_ROW.finditer(data):
        if number := _ROW_NUMBER.search(match[0]):
            look.hidden_rows.add(int(number[1]) - 1)
    for match in _HIDDEN_COLUMNS.finditer(data):
        first, last = _MIN.search(match[0]), _MAX.search(match[0])
        if first and last:
            look.hidden_columns.update(range(int(first[1]) - 1, min(int(last[1]), limits.MAX_COLUMNS)))
    for match in _LOST_FORMULA.finditer(data):
        look.lost.add((int(match[2]) - 1, column_of(match[1])))


def column_of(letters: bytes) -> int:
    """From 0: `A` is 0."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _text_boxes(archive: zipfile.ZipFile, part: str) -> Iterator[str]:
    """The texts of shapes drawn on a sheet."""
    names = set(archive.namelist())
    for target in _targets(archive, part).values():
        if target.startswith("xl/drawings/drawing") and target in names:
            for paragraph in office_part(archive, target).iter(f"{_A}p"):
                text = " ".join("".join(node.text or "" for node in paragraph.iter(f"{_A}t")).split())
                if text:
                    yield text
