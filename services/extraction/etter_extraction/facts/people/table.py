"""One table of people, read to roles: its heading and columns, its conventions, who counts, and what is doubtful."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from etter_extraction.facts.amounts import Convention, convention_of, number
from etter_extraction.facts.people import counting
from etter_extraction.facts.people.columns import Column, assign
from etter_extraction.facts.people.fields import Field
from etter_extraction.facts.people.header import Header, header_of, is_repeated
from etter_extraction.facts.people.pay import PayReader
from etter_extraction.facts.people.profile import profile_of, sample_of
from etter_extraction.facts.people.report import Report, cell_name
from etter_extraction.facts.people.roles import Line, Role, key_of
from etter_extraction.parsing.parsed import Table

_LEFT_OUT: Final = {
    "heading": "HEADINGS_LEFT_OUT", "total": "TOTALS_LEFT_OUT", "untitled": "ROWS_WITHOUT_TITLE",
    "leaver": "LEAVERS_LEFT_OUT", "vacancy": "VACANCIES_LEFT_OUT", "future": "FUTURE_STARTERS_LEFT_OUT",
}  # fmt: skip
_FULL_TIME_HOURS: Final = 40.0
_SPARSE: Final = 0.3
_NUMBERS: Final[tuple[Field, ...]] = ("headcount", "fte", "hours", "salary", "pay_low", "pay_high", "hourly_rate")
_LONGEST_SECTION: Final = 60
_UNREAD: Final = float("nan")
_PART_TIME: Final = re.compile(r"p(?:art|t)?\b|p/t|teilzeit|temps partiel|parcial|deeltijd", re.IGNORECASE)


@dataclass(slots=True)
class PeopleTable:
    """`basis` says what a line is: a `person`, a role with its `headcount`, its `fte` only, or `unknown`."""

    table: Table
    header: Header
    columns: list[Column]
    basis: str
    conventions: dict[int, Convention]
    evidence: dict[str, str]
    roles: list[Role] = field(default_factory=list)


def read_table(table: Table, *, as_of: date, choices: Mapping[str, Field], report: Report) -> PeopleTable | None:
    """`None` where the table has no heading of people. `choices` are a person's fields by normal heading."""
    header = header_of(table.rows)
    if header is None:
        return None
    body = table.rows[header.first :]
    cells = [[row[index] if index < len(row) else "" for row in body] for index in range(len(header.headings))]
    samples = [list(dict.fromkeys(sample_of(column)))[:3] for column in cells]
    columns = assign(header.headings, [profile_of(column) for column in cells], samples, choices)
    by_field = _by_field(columns)
    if "title" not in by_field or not any(_tells_of_people(name) for name in by_field):
        return None
    people = PeopleTable(table, header, columns, _basis(by_field, cells), {}, {})
    _decide_conventions(people, by_field, cells)
    _Reader(people, by_field, as_of, report).read()
    return people


def _by_field(columns: Sequence[Column]) -> dict[Field, Column]:
    """The best column of each field."""
    found: dict[Field, Column] = {}
    for column in columns:
        best = found.get(column.field)
        if column.field != "ignored" and (best is None or column.confidence > best.confidence):
            found[column.field] = column
    return found


def _tells_of_people(name: Field) -> bool:
    return name in ("headcount", "fte", "salary", "pay_low", "hourly_rate", "person_id", "person_name", "department")


def _basis(by_field: Mapping[Field, Column], cells: Sequence[Sequence[str]]) -> str:
    """What a line stands for."""
    titles = [title for title in cells[by_field["title"].index] if title]
    repeats = len(set(titles)) < 0.7 * len(titles)
    has_person = any(_is_person(by_field.get(name), cells) for name in ("person_id", "person_name"))
    if "headcount" in by_field:
        return "headcount"
    if "fte" in by_field and not has_person:
        column = cells[by_field["fte"].index]
        values = [value for cell in column if (value := number(cell)) is not None]
        is_share = any("%" in cell for cell in column) or (bool(values) and max(values) <= 1)
        return "person" if is_share and repeats else "fte"
    return "person" if has_person or repeats else "unknown"


def _is_person(column: Column | None, cells: Sequence[Sequence[str]]) -> bool:
    """Names or numbers that differ from line to line."""
    values = [cell for cell in cells[column.index] if cell] if column else []
    return bool(values) and len(set(values)) > 0.5 * len(values)


def _decide_conventions(people: PeopleTable, by_field: Mapping[Field, Column], cells: Sequence[Sequence[str]]) -> None:
    """The decimal mark of each column of numbers from all its values; what a column leaves open the table decides."""
    numbers = {by_field[name].index: name for name in _NUMBERS if name in by_field}
    overall = convention_of(cell for index in numbers for cell in sample_of(cells[index]))
    for index in numbers:
        verdict = convention_of(cells[index])
        chosen = verdict.convention or overall.convention
        if chosen:
            people.conventions[index] = chosen
        shown = verdict.evidence or overall.evidence
        if chosen and chosen.decimal == "," and shown:
            people.evidence[people.header.headings[index]] = f"decimal mark ',' because of {', '.join(shown)}"


class _Reader:
    """Goes through the lines of a table once."""

    def __init__(self, people: PeopleTable, by_field: Mapping[Field, Column], as_of: date, report: Report) -> None:
        self._people = people
        self._by_field = by_field
        self._as_of = as_of
        self._report = report
        self._body = people.table.rows[people.header.first :]
        above = " ".join(" ".join(row) for row in people.table.rows[: people.header.top])
        self._pay = PayReader(by_field, people.conventions, f"{above} {people.table.name}")
        self._numbers: dict[tuple[int, str], float | None] = {}
        self._section = ""
        self._department = ""

    def read(self) -> None:
        self._pay.look_at(self._body)
        self._is_sparse = self._departments_are_sparse()
        self._day_first = {name: self._is_day_first(name) for name in ("start_date", "end_date")}
        self._full_time = self._full_time_hours()
        self._percent_of = 100.0 if self._fte_is_percent() else 1.0
        roles: dict[tuple[str, str], Role] = {}
        seen: dict[str, int] = {}
        for line in self._lines(seen):
            role = roles.setdefault(key_of(line.title, line.department), Role(line.row))
            role.add(line)
        self._people.roles = list(roles.values())
        self._summarise(roles.values(), seen)

    def _lines(self, seen: dict[str, int]) -> Iterator[Line]:
        for offset, row in enumerate(self._body):
            number_ = self._people.header.first + offset
            reason = self._reason(row)
            if reason in _LEFT_OUT:
                self._report.add(_LEFT_OUT[reason], self._name(number_, "title"))
            if reason is None:
                self._report.add("ROWS_READ")
                if person := self._cell(row, "person_id"):
                    seen[person] = seen.get(person, 0) + 1
                yield self._line(number_, row)

    def _reason(self, row: Sequence[str]) -> counting.Reason | None:
        """Why a line is not counted; keeps the section and department that hold for the lines below."""
        filled = sum(map(bool, row))
        title = self._cell(row, "title")
        if not filled:
            return "blank"
        if is_repeated(row, self._people.header):
            return "heading"
        if counting.is_total(title, row) or counting.is_total(self._cell(row, "department"), row):
            return "total"
        if len({cell for cell in row if cell}) == 1 and len(row) > 2:
            self._section = next(cell for cell in row if cell)[:_LONGEST_SECTION]
            return "section"
        self._department = self._cell(row, "department") or (self._department if self._is_sparse else "")
        if not title:
            return "untitled"
        return self._absence(row)

    def _absence(self, row: Sequence[str]) -> counting.Reason | None:
        status = self._by_field.get("status")
        cell = self._cell(row, "status")
        found = counting.absence(cell, self._cell(row, "person_name"), self._cell(row, "vacancy"))
        if found is None and status:
            found = counting.absence_by_flag(status.heading, cell)
        if found is None and (ended := self._date(row, "end_date")) and ended <= self._as_of:
            return "leaver"
        if found is None and (starts := self._date(row, "start_date")) and starts > self._as_of:
            return "future"
        return found

    def _line(self, row: int, cells: Sequence[str]) -> Line:
        flags: list[str] = []
        heads, fte = self._heads(row, cells, flags), self._fte(cells)
        if self._people.basis == "fte":
            heads = fte
        hours = self._number(cells, "hours") if self._full_time else None
        pay = self._pay.of(cells, hours)
        if pay is None and self._pay.is_expected:
            self._report.add("PAY_NOT_STATED", self._name(row, "salary"))
        if pay is None and self._pay.is_unreadable(cells):
            self._report.add("SALARY_UNREADABLE", self._name(row, "salary"))
            flags.append("SALARY_UNREADABLE")
        for flag in pay.flags if pay else ():
            self._report.add(flag, self._name(row, "salary"))
        return Line(
            row, self._cell(cells, "title"), self._department or ("" if self._is_sparse else self._section),
            heads, fte, pay, self._cell(cells, "level"), self._cell(cells, "location"), tuple(flags),
        )  # fmt: skip

    def _heads(self, row: int, cells: Sequence[str], flags: list[str]) -> float | None:
        if self._people.basis != "headcount":
            return 1.0 if self._people.basis == "person" else None
        cell, name = self._cell(cells, "headcount"), self._name(row, "headcount")
        heads = self._number(cells, "headcount")
        if heads is not None and heads >= 0:
            return heads
        code = (
            "HEADCOUNT_NEGATIVE"
            if heads is not None
            else "VALUES_MISSING"
            if cell.startswith("#")
            else "HEADCOUNT_UNREADABLE"
        )
        if cell:
            self._report.add(code, name)
            flags.append(code)
        return None

    def _fte(self, cells: Sequence[str]) -> float | None:
        cell, value = self._cell(cells, "fte"), self._number(cells, "fte")
        if value is not None and value >= 0:
            return round(value / (100.0 if "%" in cell else self._percent_of), 6)
        if self._people.basis != "person" or not self._full_time:
            return None
        if hours := self._number(cells, "hours"):
            return round(min(hours / self._full_time, 1.0), 6)
        is_part_time = _PART_TIME.match(self._cell(cells, "employment_type"))
        return None if is_part_time else 1.0

    def _number(self, cells: Sequence[str], name: Field) -> float | None:
        column, cell = self._by_field.get(name), self._cell(cells, name)
        if column is None or not any(map(str.isdigit, cell)):
            return None
        known = self._numbers.get((column.index, cell), _UNREAD)
        if known is _UNREAD:
            known = number(cell, self._people.conventions.get(column.index))
            self._numbers[column.index, cell] = known
        return known

    def _cell(self, cells: Sequence[str], name: Field) -> str:
        column = self._by_field.get(name)
        return cells[column.index] if column is not None and column.index < len(cells) else ""

    def _date(self, cells: Sequence[str], name: Field) -> date | None:
        cell = self._cell(cells, name)
        return counting.date_in(cell, is_day_first=self._day_first.get(name, True)) if cell else None

    def _name(self, row: int, name: Field) -> str:
        column = self._by_field.get(name)
        return cell_name(self._people.table.name, row, column.index if column else 0)

    def _column(self, name: Field) -> list[str]:
        column = self._by_field.get(name)
        return [row[column.index] for row in self._body if column.index < len(row)] if column else []

    def _is_day_first(self, name: Field) -> bool:
        decided = counting.day_first(self._column(name))
        return True if decided is None else decided

    def _departments_are_sparse(self) -> bool:
        """The department is written once for a block of lines."""
        titled = [row for row in self._body if self._cell(row, "title")]
        empty = sum(not self._cell(row, "department") for row in titled)
        return bool(titled) and "department" in self._by_field and empty > _SPARSE * len(titled)

    def _full_time_hours(self) -> float:
        """The hours of a full week: what most lines have, at least 30; 0 where hours are not weekly."""
        values = [value for cell in self._column("hours") if (value := number(cell)) is not None and value > 0]
        if not values or max(values) > 60:
            return 0.0
        common = max(set(values), key=values.count)
        return common if common >= 30 else max(*values, _FULL_TIME_HOURS)

    def _fte_is_percent(self) -> bool:
        values = [value for cell in self._column("fte") if (value := number(cell)) is not None]
        return self._people.basis == "person" and bool(values) and max(values) > 2 and max(values) <= 100

    def _summarise(self, roles: Collection[Role], seen: Mapping[str, int]) -> None:
        report = self._report
        for code, example in self._assumptions():
            report.add(code, example)
        for heading, why in self._people.evidence.items():
            report.add("NUMBERS_BY_CONVENTION", f"{heading}: {why}")
        if repeated := [person for person, count in seen.items() if count > 1]:
            report.add("DUPLICATE_PEOPLE", ", ".join(repeated[:3]), len(repeated))
        for role in roles:
            if len(role.titles) > 1:
                report.add("SPELLINGS_MERGED", " = ".join(list(role.titles)[:3]))
            if role.flags["HEADCOUNT_IMPLAUSIBLE"]:
                report.add("HEADCOUNT_IMPLAUSIBLE", self._name(role.first, "headcount"))
        paid = [role for role in roles if role.paid]
        if paid and all(None in role.paid for role in paid):
            report.add("CURRENCY_UNKNOWN")

    def _assumptions(self) -> Iterator[tuple[str, str]]:
        basis = self._people.basis
        if basis == "unknown":
            yield "HEADCOUNT_NOT_STATED", ""
        if basis == "fte":
            yield "HEADCOUNT_FROM_FTE", ""
        if basis == "person" and self._full_time and "fte" not in self._by_field:
            yield "FTE_FROM_HOURS", f"full time is {self._full_time:g} hours a week"
        if self._pay.period_is_assumed:
            yield "PAY_PERIOD_ASSUMED", f"assumed: per {self._pay.assumed_period}"
