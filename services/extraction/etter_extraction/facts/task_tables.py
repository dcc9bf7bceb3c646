"""Tables of tasks: a column of statements, perhaps with shares or hours and a workload each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from etter_extraction.facts.amounts import number
from etter_extraction.facts.duties import split_share, topic
from etter_extraction.facts.model import Fact, Span, fact
from etter_extraction.facts.units import Places
from etter_extraction.parsing.parsed import Table

_TASK: Final = re.compile(
    r"\btasks?\b|dut(?:y|ies)|activit|responsibilit|accountabilit|work element|aufgabe", re.IGNORECASE
)
_SHARE: Final = re.compile(r"%|per ?cent|share|hours?|time|minutes|zeit|anteil", re.IGNORECASE)
_GROUP: Final = re.compile(r"workload|categor|area|group|process|theme|work ?stream|module|bereich", re.IGNORECASE)
_TOTAL: Final = re.compile(r"^(?:grand |sub-?)?(?:total|sum)\b", re.IGNORECASE)
_LOOK_AT_ROWS, _LONGEST_NAME, _SHORTEST = 20, 50, 8


@dataclass(frozen=True)
class Columns:
    header: int
    task: int
    share: int | None
    group: int | None


def columns_of(table: Table) -> Columns | None:
    """Where the tasks are, by the first row that names a column of them."""
    for position, names in enumerate(table.rows[:_LOOK_AT_ROWS]):
        found = [i for i, name in enumerate(names) if _TASK.search(name) and len(name) < _LONGEST_NAME]
        if not found or len([name for name in names if name]) < 2 or len(set(names)) < 2:
            continue
        share = next(
            (i for i, n in enumerate(names) if i not in found and _SHARE.search(n) and len(n) < _LONGEST_NAME), None
        )
        group = next((i for i, n in enumerate(names) if i not in (found[0], share) and _GROUP.search(n)), None)
        columns = Columns(position, found[0], share, group)
        if sum(len(row[columns.task].split()) >= 3 for row in table.rows[position + 1 :]) >= 2:
            return columns
    return None


def find(tables: Sequence[Table], places: Places, *, role: int = 0) -> list[Fact]:
    return [one for table in tables if (columns := columns_of(table)) for one in _tasks(table, columns, places, role)]


def _tasks(table: Table, columns: Columns, places: Places, role: int) -> Iterator[Fact]:
    body = [(at, row) for at, row in enumerate(table.rows) if at > columns.header and _is_task(row[columns.task])]
    amounts = [number(row[columns.share]) if columns.share is not None else None for _, row in body]
    total = sum(amount for amount in amounts if amount and amount > 0)
    name = ""
    for (at, row), amount in zip(body, amounts, strict=True):
        if columns.group is not None:
            name = row[columns.group].strip() or name
        statement, own, _, _ = split_share(row[columns.task])
        share = own or (round(amount / total, 4) if amount and amount > 0 and total else None)
        span = _span(table, at, columns.task, places)
        yield fact("task", statement, span, 0.9, role=role, group=name or topic(statement), time_share=share)


def _is_task(cell: str) -> bool:
    return len(cell.strip()) >= _SHORTEST and not _TOTAL.match(cell.strip())


def _span(table: Table, row: int, column: int, places: Places) -> Span:
    return places.of_cell(table.page, table.start(row, column), table.rows[row][column])
