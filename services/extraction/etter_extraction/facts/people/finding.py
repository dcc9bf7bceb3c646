"""From the tables of a document to facts about its roles, with the columns and conventions they were read by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from etter_extraction.facts.model import Fact, Found, Span, fact
from etter_extraction.facts.people.columns import Mapped
from etter_extraction.facts.people.fields import Field
from etter_extraction.facts.people.lists import find_listed
from etter_extraction.facts.people.report import Report
from etter_extraction.facts.people.roles import Role, key_of
from etter_extraction.facts.people.table import PeopleTable, read_table
from etter_extraction.parsing.parsed import Parsed, Table
from etter_extraction.parsing.writing import CELL_SEPARATOR

_SURE: Final = 0.95
_LESS_SURE: Final = 0.8
_DOUBTFUL: Final = 0.4
_DECISIVE: Final = ("title", "headcount", "fte", "salary", "hourly_rate")


def find_people(parsed: Parsed, *, as_of: date, choices: Mapping[str, Field]) -> Found | None:
    """`None` where no table and no list is about people. `choices` are a person's fields by normal heading."""
    report = Report()
    found = [
        people
        for table in parsed.tables
        if (people := read_table(table, as_of=as_of, choices=choices, report=report)) and people.roles
    ]
    if not found:
        return find_listed(parsed)
    placing = _Placing(parsed, report)
    twice = _in_several(found)
    facts = [
        _fact(people, role, placing.span(people.table, role.first, _title_column(people)), twice)
        for people in found
        for role in people.roles
    ]
    mappings = [Mapped(one.table.name, one.header.top + 1, one.basis, one.columns, one.evidence) for one in found]
    confidence = max(column.confidence for one in found for column in one.columns if column.field == "title")
    return Found("headcount", facts, confidence, list(report.notes()), mappings, placing.more_text())


def _fact(people: PeopleTable, role: Role, span: Span, twice: frozenset[tuple[str, str]]) -> Fact:
    value, flags = role.value(), role.doubts()
    if key_of(value["title"], value["department"] or "") in twice:
        flags.append("ROLE_IN_SEVERAL_TABLES")
    sure = _SURE if people.basis == "headcount" else _LESS_SURE
    confidence = min(
        sure, *(column.confidence for column in people.columns if column.field in ("title", "headcount", "salary"))
    )
    return fact("role", value, span, _DOUBTFUL if flags else round(max(confidence, 0.5), 2), flags=flags)


def _title_column(people: PeopleTable) -> int:
    return next(column.index for column in people.columns if column.field == "title")


def _in_several(found: list[PeopleTable]) -> frozenset[tuple[str, str]]:
    """Roles that stand in more than one table of a document: they may be counted twice."""
    counts: Counter[tuple[str, str]] = Counter()
    for people in found:
        counts.update({key_of(one.value()["title"], one.value()["department"] or "") for one in people.roles})
    return frozenset(key for key, count in counts.items() if count > 1)


class _Placing:
    """Gives cells their place in the stored text, and adds the rows of long tables that facts stand on."""

    def __init__(self, parsed: Parsed, report: Report) -> None:
        self._texts = {page.number: page.text for page in parsed.pages}
        self._added: dict[int, list[str]] = {}
        self._sizes = {number: len(text) for number, text in self._texts.items()}
        self._report = report

    def span(self, table: Table, row: int, column: int) -> Span:
        text, start = table.rows[row][column], table.start(row, column)
        if start < 0 and table.row_starts[row] < 0:
            start = self._add(table, row, column)
        elif start < 0:  # a copy of a merged cell: its text is where the merged one has it
            start = self._texts[table.page].find(text)
        return Span(table.page, start, start + len(text), text)

    def more_text(self) -> dict[int, str]:
        return {number: "".join(f"\n{line}" for line in lines) for number, lines in self._added.items()}

    def _add(self, table: Table, row: int, column: int) -> int:
        if table.page not in self._added:
            self._report.add("TEXT_ABRIDGED", table.name)
        line = CELL_SEPARATOR.join(table.rows[row])
        start = self._sizes[table.page] + 1
        self._added.setdefault(table.page, []).append(line)
        self._sizes[table.page] = start + len(line)
        return start + sum(len(cell) + 1 for cell in table.rows[row][:column])
