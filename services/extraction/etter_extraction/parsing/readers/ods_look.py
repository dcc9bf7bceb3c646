"""What ODS says of cells besides their values: currencies, percent, what is hidden. Read as a stream."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from etter_extraction.parsing import limits
from etter_extraction.parsing.readers.odt import OFFICE, STYLE, TABLE
from etter_extraction.parsing.readers.xlsx_look import Look
from etter_extraction.parsing.refusal import Refused

_HIDDEN: Final = ("collapse", "filter")
_CELLS: Final = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")


def looks_of(archive: zipfile.ZipFile) -> tuple[dict[str, Look], set[str]]:
    """The looks of the sheets by name, and the names of hidden ones. Raises `Refused` for one that reaches too far."""
    walker = _Walker()
    try:
        with archive.open("content.xml") as stream:
            tags = (f"{TABLE}table", f"{TABLE}table-row", f"{TABLE}table-column", *_CELLS, f"{STYLE}table-properties")
            for event, node in etree.iterparse(
                stream, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True, huge_tree=False
            ):
                walker.step(event, node)
    except (KeyError, etree.XMLSyntaxError, zipfile.BadZipFile) as error:
        raise Refused("damaged", "the part content.xml cannot be read") from error
    return walker.looks, walker.hidden


class _Walker:
    def __init__(self) -> None:
        self.looks: dict[str, Look] = {}
        self.hidden: set[str] = set()
        self._hidden_styles: set[str] = set()
        self._look = Look()
        self._rows = self._row_start = self._column = self._columns = self._reach = 0

    def step(self, event: str, node: Any) -> None:
        if event == "start":
            self._start(node)
        else:
            self._end(node)

    def _start(self, node: Any) -> None:
        if node.tag == f"{TABLE}table":
            self._start_table(node)
        elif node.tag == f"{TABLE}table-row":
            self._column = 0

    def _end(self, node: Any) -> None:
        if node.tag == f"{STYLE}table-properties":
            if node.get(f"{TABLE}display") == "false":
                self._hidden_styles.add(node.getparent().get(f"{STYLE}name", ""))
        elif node.tag == f"{TABLE}table-column":
            self._end_column(node)
        elif node.tag in _CELLS:
            self._end_cell(node)
        elif node.tag == f"{TABLE}table-row":
            self._end_row(node)

    def _start_table(self, node: Any) -> None:
        name = node.get(f"{TABLE}name", "")
        if node.get(f"{TABLE}style-name", "") in self._hidden_styles:
            self.hidden.add(name)
        self._look = self.looks.setdefault(name, Look())
        self._rows = self._columns = self._reach = 0

    def _end_column(self, node: Any) -> None:
        count = _count(node, "number-columns-repeated")
        if node.get(f"{TABLE}visibility") in _HIDDEN:
            last = min(self._columns + count, limits.MAX_COLUMNS)
            self._look.hidden_columns.update(range(self._columns, last))
        self._columns += count
        _drop(node)

    def _end_cell(self, node: Any) -> None:
        count = _count(node, "number-columns-repeated")
        kind = node.get(f"{OFFICE}value-type")
        if kind:
            self._reach = max(self._reach, self._column + count)
            if self._reach > limits.MAX_COLUMNS and self._rows * self._reach > limits.MAX_WORKBOOK_CELLS:
                raise Refused("too_many_cells", f"a sheet reaches column {self._reach}")
        shown = "%" if kind == "percentage" else node.get(f"{OFFICE}currency") if kind == "currency" else None
        if shown:
            for column in range(self._column, self._column + min(count, limits.MAX_COLUMNS)):
                self._look.note_prefix(self._rows, column, shown[:8])
        self._column += count

    def _end_row(self, node: Any) -> None:
        count = _count(node, "number-rows-repeated")
        has_values = any(cell.get(f"{OFFICE}value-type") for cell in node)
        if has_values and (self._rows + count) * max(self._reach, 1) > limits.MAX_WORKBOOK_CELLS:
            raise Refused("too_many_cells", f"a sheet reaches row {self._rows + count}, column {self._reach}")
        if has_values and self._rows + count > limits.MAX_ROWS:
            raise Refused("too_many_cells", f"a sheet has more than {limits.MAX_ROWS} rows")
        if node.get(f"{TABLE}visibility") in _HIDDEN and has_values:
            self._look.hidden_rows.update(range(self._rows, self._rows + count))
        if has_values and count > 1:
            self._repeat(count)
        self._rows += count
        _drop(node)

    def _repeat(self, count: int) -> None:
        for column in list(self._look.columns):
            if prefix := self._look.prefix(self._rows, column):
                for row in range(self._rows + 1, self._rows + count):
                    self._look.note_prefix(row, column, prefix)


def _count(node: Any, name: str) -> int:
    value = node.get(f"{TABLE}{name}", "1")
    return int(value) if value.isdigit() and len(value) < 9 else 1


def _drop(node: Any) -> None:
    """Free what was read."""
    node.clear()
    for sibling in list(_before(node)):
        node.getparent().remove(sibling)


def _before(node: Any) -> Iterator[Any]:
    return node.itersiblings(node.tag, preceding=True)  # type: ignore[no-any-return]  # lxml has no types
