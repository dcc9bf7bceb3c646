"""Who counts: people in post, not leavers, vacancies or future starters; totals and headings are no rows at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final, Literal

Reason = Literal["blank", "heading", "total", "section", "untitled", "leaver", "vacancy", "future"]

_TOTAL: Final = re.compile(
    r"(?:grand |sub ?-?|overall )?totals?\b.{0,40}|.{0,60}\b(?:sub-?)?total\b:?|sum(?:me|ma)?\b.{0,30}|"
    r"gesamt\w*\b.{0,30}|insgesamt|zwischensumme|total général|totale\b.{0,30}|totaal\b.{0,30}|razem|ogółem|suma|"
    r"totalt|yhteensä|celkem|összesen|overall|all (?:staff|departments|employees)",
    re.IGNORECASE,
)
_LEAVER: Final = re.compile(
    r"\b(?:terminat\w{0,12}|resign\w{0,12}|retired|left|leaver|former|dismissed|deceased|laid off|separated|"
    r"redundan\w{0,12}|"
    r"ex-?employee|inactive|ended|exited|released|ausgeschieden|ausgetreten|gekündigt|inaktiv|sorti|parti|démission\w{0,12}|"
    r"inactif|baja|cesado|inactivo|cessato|uit dienst|zwolniony|nieaktywny|slutat)\b",
    re.IGNORECASE,
)
_VACANT: Final = re.compile(
    r"\b(?:vacan(?:t|cy|cies)|unfilled|frozen|to be (?:hired|filled|recruited|confirmed)|tb[acdh]|open|"
    r"open (?:position|req\w*)|recruiting|vakant|unbesetzt|offen|vacante?|à pourvoir|vacature|wakat|nieobsadzone)\b",
    re.IGNORECASE,
)
_FUTURE: Final = re.compile(
    r"\b(?:future (?:start\w*|hire)|not yet started|offer accepted|pre-?boarding|starts? \w+)\b", re.IGNORECASE
)
_CACHED: Final = 1 << 16  # the same words come in many lines
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "ja", "oui", "si", "sí", "tak"})
_NO: Final = frozenset({"no", "n", "false", "0", "nein", "non", "nie", "nee"})
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMERIC: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_NAMED: Final = re.compile(r"(\d{1,2})[ .-]+([A-Za-z]{3})[a-z]*[ .,-]+(\d{4}|\d{2})")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def is_total(title: str, row: Sequence[str]) -> bool:
    """A line of sums by its words, in the title or in the first filled cell."""
    first = next((cell for cell in row if cell), "")
    return _names_total(title) or (first is not title and _names_total(first))


@lru_cache(_CACHED)
def _names_total(cell: str) -> bool:
    return bool(cell) and _TOTAL.fullmatch(cell) is not None


def absence(status: str, incumbent: str, vacancy: str) -> Reason | None:
    """Why a line is no person in post, by what it says of its holder."""
    if vacancy and (vacancy.lower() in _YES or _VACANT.search(vacancy)):
        return "vacancy"
    if incumbent and _VACANT.search(incumbent):
        return "vacancy"
    return _by_status(status) if status else None


@lru_cache(_CACHED)
def _by_status(status: str) -> Reason | None:
    if _VACANT.search(status):
        return "vacancy"
    if _LEAVER.search(status):
        return "leaver"
    return "future" if _FUTURE.search(status) else None


def absence_by_flag(heading: str, status: str) -> Reason | None:
    """For a column of yes and no: what it flags is in its heading."""
    flag = status.strip().lower()
    if re.search(r"\b(?:active|current|employed|in post|aktiv|actif)\b", heading, re.IGNORECASE):
        return "leaver" if flag in _NO else None
    if re.search(r"\b(?:left|leaver|terminated|inactive)\b", heading, re.IGNORECASE):
        return "leaver" if flag in _YES else None
    return None


def day_first(cells: Sequence[str]) -> bool | None:
    """Whether dates like 03/04/2024 name the day first, by all dates of a column; `None` where they leave it open."""
    first = second = 0
    for cell in cells:
        if match := _NUMERIC.match(cell):
            first += int(match[1]) > 12
            second += int(match[2]) > 12
    return None if first == second else first > second


@lru_cache(_CACHED)
def date_in(cell: str, *, is_day_first: bool = True) -> date | None:
    if match := _ISO.match(cell):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := _NUMERIC.match(cell):
        day, month = (int(match[1]), int(match[2])) if is_day_first else (int(match[2]), int(match[1]))
        year = int(match[3])
    elif (match := _NAMED.match(cell)) and match[2].lower() in _MONTHS:
        day, month, year = int(match[1]), _MONTHS.index(match[2].lower()) + 1, int(match[3])
    else:
        return None
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    try:
        return date(year, month, day)
    except ValueError:
        return None
