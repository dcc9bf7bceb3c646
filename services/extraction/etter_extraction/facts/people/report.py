"""The quality report of a people table: what was read, left out, guessed or doubtful, with counts and cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from etter_extraction.parsing.parsed import Note

_EXAMPLES: Final = 5
MESSAGES: Final = {
    "ROWS_READ": "Rows that were read as people, posts or roles.",
    "TOTALS_LEFT_OUT": "Rows of totals were left out.",
    "HEADINGS_LEFT_OUT": "Repeated headings were left out.",
    "LEAVERS_LEFT_OUT": "People who have left were not counted.",
    "VACANCIES_LEFT_OUT": "Vacant posts were not counted as people.",
    "FUTURE_STARTERS_LEFT_OUT": "People who start later were not counted.",
    "ROWS_WITHOUT_TITLE": "Rows without a job title were left out.",
    "HEADCOUNT_UNREADABLE": "Cells of the headcount column are no numbers. These rows have no headcount.",
    "HEADCOUNT_NEGATIVE": "Headcounts below 0 were not counted.",
    "HEADCOUNT_NOT_STATED": "The table states no headcount and its rows are not single people. Headcounts are empty.",
    "HEADCOUNT_FROM_FTE": "The table states FTE and no people. FTE was taken as the headcount.",
    "FTE_FROM_HOURS": "FTE was computed from weekly hours.",
    "SALARY_UNREADABLE": "Cells of the pay column are no amounts. These rows have no pay.",
    "PAY_NOT_STATED": "Rows state no pay. Averages are over the rows that do.",
    "PAY_PERIOD_ASSUMED": "The pay column names no period. It was assumed from the amounts.",
    "SALARY_IMPLAUSIBLE": "Yearly pay below 1,000 or above 5,000,000.",
    "CURRENCY_UNKNOWN": "No currency is stated. Amounts have none.",
    "CURRENCIES_CONTRADICT": "Cells state another currency than the heading.",
    "DUPLICATE_PEOPLE": "Rows repeat a person's number. They were counted.",
    "SPELLINGS_MERGED": "Titles that differ only in case, spaces or hyphens are one role.",
    "VALUES_MISSING": "Formulas without a stored result were read as missing.",
    "TEXT_ABRIDGED": "The table is long: its stored text keeps the first rows and one row for each role.",
    "NUMBERS_BY_CONVENTION": "The decimal mark was decided for the whole column.",
    "HEADCOUNT_IMPLAUSIBLE": "Lines with a headcount of 0 or above 10,000.",
}  # fmt: skip


class Report:
    """Counts by code, with the first few cells of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, code: str, example: str = "", count: int = 1) -> None:
        assert code in MESSAGES, code  # noqa: S101 - a code without words would not be understood
        self._counts[code] = self._counts.get(code, 0) + count
        examples = self._examples.setdefault(code, [])
        if example and len(examples) < _EXAMPLES:
            examples.append(example)

    def notes(self) -> Iterator[Note]:
        for code, message in MESSAGES.items():
            if self._counts.get(code):
                yield Note(code, message, self._counts[code], self._examples[code])


def cell_name(table: str, row: int, column: int) -> str:
    """`Staff!C12`, as a spreadsheet names it."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{table}!{letters}{row + 1}"
