"""What one line of a people table is paid by the year, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Final

from etter_extraction.facts.amounts import Amount, Convention, Period, amount_in, annual, number, period_in
from etter_extraction.facts.currencies import currency_in
from etter_extraction.facts.people.columns import Column
from etter_extraction.facts.people.fields import Field, normal

LEAST_A_YEAR: Final = 1_000
MOST_A_YEAR: Final = 5_000_000
_HOURLY_BELOW: Final = 300
_MONTHLY_BELOW: Final = 15_000
_NONE: Final = re.compile(
    r"|[-–—./?*]+|n[./]?[ad]\.?|none|null|nil|tbc|tbd|unknown|not (?:disclosed|stated|known)|0+(?:[.,]0+)?|k\.?a\.?|"
    r"xx+",
    re.IGNORECASE,
)
_CODES: Final[tuple[tuple[Period, re.Pattern[str]], ...]] = (
    ("hour", re.compile(r"h|hr|hourly|hour|hours|per hour|wage")), ("day", re.compile(r"d|daily|day|per day")),
    ("week", re.compile(r"w|weekly|week|per week")), ("fortnight", re.compile(r"bi-?weekly|fortnight(?:ly)?")),
    ("month", re.compile(r"m|monthly|month|per month")),
    ("year", re.compile(r"a|y|s|annual(?:ly)?|year(?:ly)?|per (?:annum|year)|salar(?:y|ied)|p\.?a\.?")),
)  # fmt: skip


_MARKS: Final = str.maketrans("", "", ".,")
_NOTHING: Final = Amount(0, 0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Pay:
    """Of one person and year, the middle of a range. `flags` say what was assumed or is implausible."""

    year: float
    currency: str | None
    flags: tuple[str, ...] = ()


class PayReader:
    """Reads the pay of a table's lines; conventions, currency and period of the columns are decided beforehand."""

    def __init__(self, columns: Mapping[Field, Column], conventions: Mapping[int, Convention], context: str) -> None:
        """`context` is what stands above the heading: a currency or period for the whole table may be named there."""
        self._columns = columns
        self._conventions = conventions
        self._currency = {
            field: currency_in(column.heading) or currency_in(context) for field, column in columns.items()
        }
        self._period = {field: _period_of(column.heading) or period_in(context) for field, column in columns.items()}
        self._read: dict[tuple[int, str], Amount] = {}  # the same amounts come in many lines
        self._assumed: Period = "year"
        self.period_is_assumed = False

    def look_at(self, rows: Sequence[Sequence[str]]) -> None:
        """Decide the period of a salary column that names none: a year, unless its amounts are of months or hours."""
        column = self._columns.get("salary") or self._columns.get("pay_low")
        if column is None or self._period.get(column.field) or "pay_period" in self._columns:
            return
        amounts = [one for row in rows if (one := self._amount(row, column.field)) is not None and one.period is None]
        middle = median(one.low for one in amounts) if amounts else 0.0
        self.period_is_assumed = bool(amounts)
        if 0 < middle < _HOURLY_BELOW:
            self._assumed = "hour"
        elif 0 < middle < _MONTHLY_BELOW / 2:
            self._assumed = "month"

    @property
    def is_expected(self) -> bool:
        """Whether the table has a column of pay."""
        return any(name in self._columns for name in ("salary", "pay_low", "pay_high", "hourly_rate"))

    @property
    def assumed_period(self) -> Period:
        return self._assumed

    def of(self, row: Sequence[str], hours: float | None) -> Pay | None:
        """`None` where the line states no pay. `hours` are its weekly hours, for pay by the hour."""
        period = self._row_period(row)
        hourly = self._amount(row, "hourly_rate")
        salary = self._amount(row, "salary") or self._range(row)
        if hourly and (period == "hour" or salary is None):
            return self._yearly(hourly, "hour", "hourly_rate", row, hours)
        if salary is None:
            return None
        field: Field = "salary" if self._amount(row, "salary") else "pay_low"
        stated = salary.period or period or self._period.get(field)
        return self._yearly(salary, stated, field, row, hours)

    def is_unreadable(self, row: Sequence[str]) -> bool:
        """Words where pay is expected, other than the usual ones for none."""
        cell = _cell(row, self._columns.get("salary") or self._columns.get("hourly_rate"))
        return not _is_nothing(cell) and not cell.startswith("#") and self._amount(row, "salary") is None

    def _yearly(
        self, amount: Amount, stated: Period | None, field: Field, row: Sequence[str], hours: float | None
    ) -> Pay:
        period, flags = stated or self._assumed, []
        middle = (amount.low + amount.high) / 2
        if stated is None and period == "year" and 0 < middle < _HOURLY_BELOW:
            period = "hour"
        if period != "year" and stated is None:
            flags.append("PAY_PERIOD_ASSUMED")
        year = round(annual(middle, period, hours), 2)
        if not LEAST_A_YEAR <= year <= MOST_A_YEAR:
            flags.append("SALARY_IMPLAUSIBLE")
        own, column = amount.currency, self._column_currency(row) or self._currency.get(field)
        if own and column and own != column:
            flags.append("CURRENCIES_CONTRADICT")
        return Pay(year, own or column or ("USD" if amount.sign == "$" else None), tuple(flags))

    def _amount_in(self, cell: str, column: int) -> Amount:
        if _is_nothing(cell):
            return _NOTHING
        convention = self._conventions.get(column)
        if cell[0].isdecimal() and cell.translate(_MARKS).isdecimal():  # a bare number needs no look at its words
            value = number(cell, convention) or 0.0
            return Amount(0, len(cell), value, value)
        return amount_in(cell, convention) or _NOTHING

    def _row_period(self, row: Sequence[str]) -> Period | None:
        text = _cell(row, self._columns.get("pay_period"))
        return _coded(text.lower()) if text else None

    def _column_currency(self, row: Sequence[str]) -> str | None:
        cell = _cell(row, self._columns.get("currency"))
        return currency_in(cell) if cell else None

    def _range(self, row: Sequence[str]) -> Amount | None:
        low, high = self._amount(row, "pay_low"), self._amount(row, "pay_high")
        if low is None or high is None:
            return low or high
        return Amount(
            low.start, low.end, low.low, max(high.high, low.low), low.currency or high.currency, low.period, low.sign
        )

    def _amount(self, row: Sequence[str], field: Field) -> Amount | None:
        column = self._columns.get(field)
        cell = _cell(row, column)
        if column is None or not cell:
            return None
        known = self._read.get((column.index, cell))
        if known is None:
            known = self._read[column.index, cell] = self._amount_in(cell, column.index)
        return known if known.low > 0 else None


@lru_cache(1024)
def _coded(text: str) -> Period | None:
    return next((period for period, words in _CODES if words.fullmatch(text)), None)


def _is_nothing(cell: str) -> bool:
    return _NONE.fullmatch(cell) is not None


def _period_of(heading: str) -> Period | None:
    """`MonthlyIncome` and `ANNUAL_PAY` name a period, too."""
    return period_in(heading) or period_in(normal(heading))


def _cell(row: Sequence[str], column: Column | None) -> str:
    return row[column.index] if column is not None and column.index < len(row) else ""
