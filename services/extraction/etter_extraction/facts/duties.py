"""Tasks with their time shares and workloads, from duty sections and duty tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from etter_extraction.facts.lines import Item, items_of
from etter_extraction.facts.model import Fact, Span, fact
from etter_extraction.facts.numbers import number
from etter_extraction.facts.sections import Section
from etter_extraction.parsing.parsed import Page, Sheet

_SHARE_FIRST = re.compile(r"^\(?(\d{1,3}(?:\.\d+)?)\s?%\)?(?:\s*of (?:the |your )?time)?\s*[:–—-]*\s*")
_SHARE_LAST = re.compile(
    r"[(\[–—-]?\s{0,9}(\d{1,3}(?:\.\d{1,9})?)\s?%(?:\s{0,9}of (?:the |your )?time)?\s{0,9}[)\]]?\.?$"
)
_SHORTEST, _LONGEST = 12, 600
_TASK_COLUMN = re.compile(r"\btasks?\b|dut(y|ies)|activit|responsibilit|accountabilit|work element", re.IGNORECASE)
_SHARE_COLUMN = re.compile(r"%|per ?cent|share|hours?|time|minutes", re.IGNORECASE)
_GROUP_COLUMN = re.compile(r"workload|categor|area|group|process|theme|work ?stream|module", re.IGNORECASE)
_TOPICS = (
    ("Records and reporting", "enter record report document prepar compil maintain updat fil process reconcil "
    "writ draft post "
     "invoic calculat complet answer respond correspond"),
    ("Planning and analysis", "plan analy design develop evaluat review assess forecast monitor research "
    "investigat budget "
     "identif determin improv implement optimi model schedul track measur audit"),
    ("People and coordination", "train supervis lead coach advis coordinat negotiat meet communicat support "
    "manag interview "
     "liais collaborat present consult recruit motivat represent mentor assist guid work"),
)  # fmt: skip
DEFAULT_GROUP = "Operations"


def from_sections(sections: Sequence[Section], pages: dict[int, str]) -> Iterator[Fact]:
    """The items of all duty sections; sub-headings become workloads."""
    duties = [section for section in sections if section.kind == "duties" and section.lines]
    named = len({section.heading for section in duties}) > 1
    for section in duties:
        for item in items_of(section.lines, pages):
            statement, share = split_share(item.text)
            if _is_task(statement):
                group = section.heading if named and section.heading else topic(statement)
                yield _task(statement, item, group, share)


def from_tables(sheets: Sequence[Sheet], pages: Sequence[Page]) -> list[Fact]:
    """Tables with a column of tasks; a column of shares or hours gives the time, another the workload."""
    texts = {page.number: page.text for page in pages}
    return [found for sheet in sheets for found in _from_table(sheet, texts[sheet.page])]


def split_share(text: str) -> tuple[str, float | None]:
    """`10% Supervise …` or `Supervise … (10 %)`: the statement, and the share of time as 0..1."""
    if match := _SHARE_FIRST.match(text) or _SHARE_LAST.search(text):
        percent = float(match[1])
        if 0 < percent <= 100:
            return (text[: match.start()] + text[match.end() :]).strip(), percent / 100
    return text, None


def topic(statement: str) -> str:
    """The workload that a task's opening verb speaks for."""
    words = re.findall(r"[a-z]+", statement.lower())[:2]
    for name, stems in _TOPICS:
        if any(word.startswith(tuple(stems.split())) for word in words):
            return name
    return DEFAULT_GROUP


def _is_task(text: str) -> bool:
    return _SHORTEST <= len(text) <= _LONGEST and len(text.split()) >= 2 and not text.endswith(":")


def _task(statement: str, item: Item, group: str, share: float | None) -> Fact:
    return fact("task", statement, item.span, 0.8 if share is None else 0.9, group=group, time_share=share)


def _from_table(sheet: Sheet, text: str) -> Iterator[Fact]:
    for position, names in enumerate(sheet.rows[:20]):
        task = next((i for i, name in enumerate(names) if _TASK_COLUMN.search(name) and len(name) < 50), None)
        if task is None or len(names) < 2:
            continue
        shares = next((i for i, n in enumerate(names) if i != task and _SHARE_COLUMN.search(n) and len(n) < 50), None)
        group = next((i for i, n in enumerate(names) if i not in (task, shares) and _GROUP_COLUMN.search(n)), None)
        yield from _rows(sheet, text, position + 1, (task, shares, group))
        return


def _rows(sheet: Sheet, text: str, first: int, columns: tuple[int, int | None, int | None]) -> Iterator[Fact]:
    task, shares, group = columns
    body = [(i, row) for i, row in enumerate(sheet.rows[first:], start=first) if _is_row(row, task)]
    amounts = [number(row[shares]) if shares is not None and shares < len(row) else None for _, row in body]
    total = sum(amount for amount in amounts if amount)
    name = ""
    for (position, row), amount in zip(body, amounts, strict=True):
        if group is not None and group < len(row):
            name = row[group].strip() or name
        cell = row[task]
        start = text.find(cell, sheet.starts[position])
        statement, own = split_share(cell)
        share = own or (amount / total if amount and total else None)
        span = Span(sheet.page, start, start + len(cell), cell)
        yield fact("task", statement, span, 0.9, group=name or topic(statement), time_share=share)


def _is_row(row: Sequence[str], task: int) -> bool:
    cell = row[task].strip() if task < len(row) else ""
    return len(cell) >= _SHORTEST and not re.match(r"(sub)?total\b", cell, re.IGNORECASE)
