"""Tables of people: a line per role with its headcount, or a line per person, which is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etter_extraction.facts.model import Fact, Span, fact
from etter_extraction.facts.numbers import currency, number
from etter_extraction.parsing.parsed import Page, Sheet

_LOOK_AT_ROWS = 40
_TOTAL = re.compile(r"^(grand\s+|sub-?\s?)?totals?\b|^sum\b|^overall\b|\btotal$", re.IGNORECASE)
_YEAR_HOURS = 52
_COLUMNS: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "hourly": r"hourly|per hour|/\s?h(ou)?r\b",
        "hours": r"(typical|weekly|contract\w{0,20}|standard) hours|hours (per|a) week",
        "monthly": r"monthly (income|salary|pay|wage)|(salary|pay|income) (per|a) month",
        "salary": r"annual (salary|pay|rate)|average.{0,50}(salary|pay)|salary|base pay|compensation|remuneration|"
        r"\bwages?\b|"
        r"pay ?(scale )?(minimum|floor)",
        "pay_max": r"pay ?(scale )?(maximum|ceiling)|salary max",
        "headcount": r"head ?count|number of (posts?|people|employees|staff)|no\.? of|employees?$|^fte$|"
        r"\bftes?\b|staff count"
        r"|posts$|^people$|^count$",
        "title": r"job ?titles?|position( title)?$|^positions?$|^role( name| title)?$|^roles?$|^titles?$|"
        r"generic job title|"
        r"job ?role|occupation|^job$|designation",
        "department": r"department|business unit|division|^unit$|^team$|directorate|function|agency|cost cent|"
        r"organi[sz]ation",
        "level": r"grade|level|\bband\b",
        "location": r"location|\bsite\b|office|city|country",
    }.items()
}


@dataclass
class _Role:
    """One (title, department), growing as its lines come."""

    title: str
    department: str | None
    span: Span
    headcount: float = 0
    paid: float = 0
    pay: float = 0
    currency: str | None = None
    level: str | None = None
    location: str | None = None
    lines: int = 0


@dataclass(frozen=True)
class Header:
    """Where the columns are; `first` is the first row after the header."""

    columns: dict[str, int]
    first: int
    currency: str | None = None


def find_roles(sheets: Sequence[Sheet], pages: Sequence[Page]) -> list[Fact]:
    """The roles of all tables that have a title column and a headcount, pay or one line per person."""
    texts = {page.number: page.text for page in pages}
    return [found for sheet in sheets for found in _roles_of(sheet, texts[sheet.page])]


def header_of(sheet: Sheet) -> Header | None:
    """The best header among the first rows, alone or with the row below it merged in."""
    best: Header | None = None
    for number_, row in enumerate(sheet.rows[:_LOOK_AT_ROWS]):
        for depth in (1, 2):
            names = _merged(sheet.rows[number_ : number_ + depth])
            columns = _columns(names)
            useful = "title" in columns and (len(columns) > 1 or len(row) > 3)
            if useful and (best is None or len(columns) > len(best.columns)):
                best = Header(columns, number_ + depth, currency(" ".join(names)))
    return best


def _merged(rows: Sequence[Sequence[str]]) -> list[str]:
    width = max((len(row) for row in rows), default=0)
    return [" ".join(row[i] for row in rows if i < len(row) and row[i]).strip() for i in range(width)]


def _columns(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        text = re.sub(r"[_\s]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip()
        if not text or len(text) > 60 or (number(text.split("(")[0]) is not None and len(text) < 6):
            continue
        plain = re.sub(r"\([^()]*\)", "", text).strip()
        kind = next((k for k, pattern in _COLUMNS.items() if pattern.search(plain)), None)
        if kind and kind not in found:
            found[kind] = position
    return found


def _roles_of(sheet: Sheet, text: str) -> Iterator[Fact]:
    header = header_of(sheet)
    if header is None or not {"headcount", "salary", "hourly", "monthly", "department"} & set(header.columns):
        return
    roles: dict[tuple[str, str | None], _Role] = {}
    department: str | None = None
    sparse = _is_sparse(sheet, header)
    for position in range(header.first, len(sheet.rows)):
        row = sheet.rows[position]
        title, here = _cell(row, header, "title"), _cell(row, header, "department") or None
        department = here or (department if sparse else None)
        if not _is_role(title, row, here):
            continue
        role = roles.get((title, department))
        if role is None:
            span = _span(sheet, text, position, header.columns["title"])
            role = roles[title, department] = _Role(title, department, span)
        _add(role, row, header)
    counted = "headcount" in header.columns
    yield from (_fact(role, counted=counted) for role in roles.values())


def _is_sparse(sheet: Sheet, header: Header) -> bool:
    """The department is written once for a block of rows."""
    body = [row for row in sheet.rows[header.first :] if _cell(row, header, "title")]
    empty = sum(not _cell(row, header, "department") for row in body)
    return bool(body) and "department" in header.columns and empty > len(body) * 0.3


def _is_role(title: str, row: Sequence[str], department: str | None) -> bool:
    if not title or (number(title) is not None and not re.search(r"[A-Za-z]{2}", title)):
        return False
    if _TOTAL.search(title) or (department and _TOTAL.search(department)):
        return False
    return sum(bool(cell) for cell in row) > 1


def _add(role: _Role, row: Sequence[str], header: Header) -> None:
    people = number(_cell(row, header, "headcount")) if "headcount" in header.columns else 1.0
    people = people if people is not None and people >= 0 else 0.0
    role.lines += 1
    role.headcount += people
    pay = _annual(row, header)
    if pay:
        weight = people or 1.0
        role.pay += pay * weight
        role.paid += weight
        role.currency = role.currency or currency(" ".join(row)) or header.currency
    role.level = role.level or _cell(row, header, "level") or None
    role.location = role.location or _cell(row, header, "location") or None


def _annual(row: Sequence[str], header: Header) -> float | None:
    """Pay by the year; nothing, zero and notes like N/D mean that it is not told."""
    if salary := number(_cell(row, header, "salary")):
        top = number(_cell(row, header, "pay_max"))
        return (salary + top) / 2 if top and top >= salary else salary
    if hourly := number(_cell(row, header, "hourly")):
        return hourly * (number(_cell(row, header, "hours")) or 40) * _YEAR_HOURS
    if monthly := number(_cell(row, header, "monthly")):
        return monthly * 12
    return None


def _fact(role: _Role, *, counted: bool) -> Fact:
    salary = round(role.pay / role.paid, 2) if role.paid else None
    value = {
        "title": role.title,
        "department": role.department,
        "headcount": round(role.headcount),
        "salary": salary,
        "currency": role.currency if salary else None,
        "level": role.level if role.lines == 1 else None,
        "location": role.location if role.lines == 1 else None,
    }
    return fact("role", value, role.span, 0.95 if counted else 0.85)


def _cell(row: Sequence[str], header: Header, name: str) -> str:
    position = header.columns.get(name)
    return row[position].strip() if position is not None and position < len(row) else ""


def _span(sheet: Sheet, text: str, position: int, column: int) -> Span:
    """The title's cell in the page's text."""
    cell = sheet.rows[position][column]
    start = text.find(cell, sheet.starts[position])
    return Span(sheet.page, start, start + len(cell), cell)
