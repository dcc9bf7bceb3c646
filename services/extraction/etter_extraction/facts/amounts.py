"""Amounts of money as people write them: numbers by a convention, currency, period, ranges. For prose and for cells.

`1,234.50` and `1.234,50` are the same number in two conventions. A column or file decides its convention from all its
values (`convention_of`); a single amount is read by its own marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from etter_extraction.facts.currencies import AFTER, BEFORE, currency_of

Period = Literal["year", "month", "fortnight", "week", "day", "hour"]
Bound = Literal["exact", "from", "up_to"]
PER_YEAR: Final[dict[str, int]] = {"year": 1, "month": 12, "fortnight": 26, "week": 52, "day": 260, "hour": 2080}

_SPACES = "    "
_NUMBER = rf"\d{{1,3}}(?:[.,'’{_SPACES}]\d{{3}}){{1,9}}(?:[.,]\d{{1,2}})?(?!\d)|\d{{1,40}}(?:[.,]\d{{1,40}})?"
_TIMES = r"k|thousand|tsd\.?|tys\.?|m|mn|mio\.?|mln\.?|million|millionen|bn|billion|mrd\.?|lakhs?|lacs?|lpa|crores?"
_FACTOR: Final[dict[str, float]] = {
    "k": 1e3, "thousand": 1e3, "tsd": 1e3, "tys": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "mln": 1e6, "million": 1e6,
    "millionen": 1e6, "bn": 1e9, "billion": 1e9, "mrd": 1e9, "lakh": 1e5, "lac": 1e5, "lpa": 1e5, "crore": 1e7,
}  # fmt: skip
_AMOUNT = re.compile(
    rf"(?<![\w.,/])(?P<sign>[-−])?(?P<before>(?:{BEFORE})\s?)?(?P<number>{_NUMBER})"
    rf"(?:\s?(?P<times>{_TIMES})(?![^\W\d_]))?(?P<dash>[.,][-–—]{{1,2}}(?!\s?\d))?"
    rf"(?P<after>\s?\(?(?:{AFTER})\)?)?(?!\w|[.,]?\d|\s?%)",
    re.IGNORECASE,
)
_UNITS: Final[dict[Period, str]] = {
    "hour": r"hours?|hrs?|stunden?|std|heures?|horas?|ore?|uur|godz(?:in[aeęy])?|timme|h",
    "day": r"days?|tage?|jours?|día|giorno|dag",
    "fortnight": r"fortnights?|two weeks|2 weeks",
    "week": r"weeks?|wks?|wochen?|semaines?|semanas?|settimana|vecka|uge",
    "month": r"calendar months?|months?|mth|mo|monate?|mois|mes|mese|maand|miesi[aą]c|mies|månad|måned|mnd",
    "year": r"years?|yrs?|annum|jahre?|ans?|année|año|anno|jaar|rok|år|a",
}
_ADVERBS: Final[dict[Period, str]] = {
    "hour": r"hourly|p\.?\s?h\.?|ph|stündlich",
    "day": r"daily|p\.?\s?d\.?|pd|täglich",
    "fortnight": r"fortnightly|bi-?weekly",
    "week": r"weekly|p\.?\s?w\.?|pw|wöchentlich",
    "month": r"monthly|p\.?\s?c\.?\s?m\.?|p\.?\s?m\.?|monatlich|mtl\.?|mensuels?|mensual(?:es)?|mensili|miesięcznie",
    "year": r"annual(?:ly|i[sz]ed)?|yearly|p\.?\s?/?\s?a\.?|jährlich|annuels?|anual(?:es)?|annui|rocznie",
}
_EACH = r"per|an?|each|every|/|pro|je|par|por|all'|al|na|p\.|\bi"
_PAYING = r"salar(?:y|ies)|pay(?: rate| range| scale)?|rates?|wages?|compensation|stipend|earnings|income|remuneration"
_FILLER = r"\(?\s{0,9}(?:gross|net|brutto|brut|before tax|base|plus|\*|full[- ]time|fte|usd|eur|gbp)?\s{0,9}\)?"
_NEXT: Final[dict[Period, re.Pattern[str]]] = {
    unit: re.compile(
        rf"^[\s(,*]{{0,3}}(?:{_FILLER}\s{{0,9}})(?:{_PAYING})?[\s(,]{{0,2}}"
        rf"(?:(?:{_EACH})\s{{0,9}}(?:{_UNITS[unit]})|(?:{_ADVERBS[unit]}))(?![^\W_])(?!\s{{1,9}}(?:basis|review|"
        r"reports?|bonus|"
        r"pay\s?(?:day|date|run|slip|ment)|instal|invoic))",
        re.IGNORECASE,
    )
    for unit in _UNITS
}
_NAMED: Final[dict[Period, str]] = {
    "hour": r"hourly|per hour|an hour|/\s?h(?:ou)?r\b",
    "day": r"daily|per day|day",
    "fortnight": r"fortnightly|bi-?weekly",
    "week": r"weekly|per week",
    "month": r"monthly|per month|mensuel\w{0,40}|monats\w{0,40}",
    "year": r"annual\w{0,40}|yearly|per (?:annum|year)|jahres\w{0,40}|annuel\w{0,40}",
}
_COMPOUND: Final[dict[Period, str]] = {
    "hour": "stunden|tim|time",
    "day": "tages",
    "fortnight": "zweiwochen",
    "week": "wochen",
    "month": "monats|månads|måneds",
    "year": "jahres|års",
}
_LABEL: Final[dict[Period, re.Pattern[str]]] = {
    unit: re.compile(
        rf"\b(?:(?:{names})\s{{1,9}}(?:\w{{1,60}}\s{{1,9}}){{0,3}}(?:{_PAYING}|range)|(?:{_PAYING}|"
        rf"range)\W{{0,3}}\(?(?:{names})|"
        rf"(?:{_COMPOUND[unit]})(?:brutto)?(?:gehalt|lohn|vergütung|lön|lønn))",
        re.IGNORECASE,
    )
    for unit, names in _NAMED.items()
}
_SAID: Final[dict[Period, re.Pattern[str]]] = {
    unit: re.compile(
        rf"(?<![^\W_])(?:(?:per|/|pro|par)\s{{0,9}}(?:{_UNITS[unit]})|(?:{_ADVERBS[unit]}))(?![^\W_])", re.IGNORECASE
    )
    for unit in _UNITS
}
_SIGNED = re.compile(rf"(?P<minus>[-−(]\s?)?(?:{BEFORE})?\s?(?P<digits>{_NUMBER})", re.IGNORECASE)
_SCALED = re.compile(rf"\d\s?({_TIMES})(?![^\W\d_])", re.IGNORECASE)
_GROUPING = re.compile(rf"['’{_SPACES}]")
_AT_MOST = re.compile(r"\b(?:up to|maximum(?: of)?|max\.?|bis zu|jusqu'à)\s{0,9}:?\s{0,9}$", re.IGNORECASE)
_AT_LEAST = re.compile(
    r"\b(?:from|starting (?:at|from)|minimum(?: of)?|min\.?|at least|ab|à partir de)\s{0,9}:?\s{0,9}$", re.IGNORECASE
)
_AND_UP = re.compile(r"\s?\+(?!\s{0,9}[\w£$€])|\s{1,9}and (?:up|above)")
_JOIN = re.compile(
    r"^[\s(,]{0,99}(?:\([^()\d]{0,16}[\d.]{0,4}\)|starting|min(?:imum)?\.?)?[\s,]{0,99}"
    r"(?:-{1,2}|–|—|−|‒|~|to|and|through|thru|up to|rising to|increasing to|bis|à|au|a|until|do|til|till|tot|or)\s{0,9}"
    r"(?:an?\s)?(?:max(?:imum)?\.?(?: of)?)?[\s:(]{0,99}$",
    re.IGNORECASE,
)
_STEP = re.compile(r"\b(?:step|grade|level|band|tier|point|no\.?)\s{0,9}$", re.IGNORECASE)
"""Before a number that counts something else."""
_WIDEST, _MOST, _LOOK_BACK = 12, 1_000, 80


@dataclass(frozen=True)
class Convention:
    """`decimal` is the decimal mark; the other one of `.` and `,` groups thousands."""

    decimal: Literal[".", ","] = "."


@dataclass(frozen=True)
class Verdict:
    """The convention of a set of values and what it was decided by; `None` where the values leave it open."""

    convention: Convention | None
    evidence: list[str]
    against: list[str]


@dataclass(frozen=True)
class Amount:
    """`text[start:end]` names the amount or range; `currency` and `period` are what is written next to it.

    `sign` is the currency as written, for example `$`, whether or not it names one currency.
    """

    start: int
    end: int
    low: float
    high: float
    currency: str | None = None
    period: Period | None = None
    sign: str = ""
    bound: Bound = "exact"
    scaled: bool = False

    @property
    def is_range(self) -> bool:
        return self.low < self.high


def convention_of(values: Iterable[str]) -> Verdict:
    """Decide from every value that leaves no choice: `1.234,5`, `1.234.567`, `0,75`, `12,5`."""
    votes: dict[str, list[str]] = {".": [], ",": []}
    for value in values:
        for match in re.finditer(r"\d[\d.,]{0,99}\d", value):
            if mark := _decimal_of(match[0]):
                votes[mark].append(value.strip())
    if bool(votes["."]) == bool(votes[","]) and len(votes["."]) == len(votes[","]):
        return Verdict(None, votes["."][:3], votes[","][:3])
    decimal: Literal[".", ","] = "." if len(votes["."]) > len(votes[","]) else ","
    return Verdict(Convention(decimal), votes[decimal][:3], votes["," if decimal == "." else "."][:3])


def number(text: str, convention: Convention | None = None) -> float | None:
    """The first number in `text` with its sign, or `None`. Without a convention, groups of three are thousands."""
    match = _SIGNED.search(text)
    if match is None:
        return None
    value = _value(match["digits"], convention)
    return -value if match["minus"] and not (match["minus"][0] == "(" and ")" not in text[match.end() :][:1]) else value


def amounts_in(text: str, convention: Convention | None = None) -> list[Amount]:
    """The first 1,000 amounts and ranges in reading order; bare numbers too, for the caller to judge."""
    matches = (match for match in _AMOUNT.finditer(text) if _is_amount(match, text))
    found = [_amount(match, text, convention) for match in islice(matches, _MOST)]
    return [_with_period(one, text, following) for one, following in _with_next(list(_joined(found, text)))]


def amount_in(cell: str, convention: Convention | None = None) -> Amount | None:
    """The amount or range of a table's cell, with its own currency and period."""
    return next(iter(amounts_in(cell, convention)), None)


def period_in(label: str) -> Period | None:
    """The period that a label or heading names: `Annual salary`, `Hourly rate (GBP)`, `per month`."""
    for unit, pattern in _LABEL.items():
        if pattern.search(label):
            return unit
    return next((unit for unit, pattern in _SAID.items() if pattern.search(label)), None)


def annual(amount: float, period: str, hours_per_week: float | None = None) -> float:
    """By the year: 52 weeks, 260 days, 2,080 hours unless the weekly hours are known."""
    if period == "hour" and hours_per_week:
        return amount * 52 * hours_per_week
    return amount * PER_YEAR[period]


def _decimal_of(digits: str) -> Literal[".", ",", ""]:
    """The decimal mark that a number proves, or nothing."""
    marks = [char for char in digits if char in ".,"]
    if not marks:
        return ""
    last: Literal[".", ","] = "." if marks[-1] == "." else ","
    other: Literal[".", ","] = "," if last == "." else "."
    if len(set(marks)) == 2:
        return last
    if len(marks) > 1:
        return other
    head, tail = digits.split(last)
    if len(tail) != 3 or head in ("0", "") or len(head) > 3:
        return last
    return ""


def _value(digits: str, convention: Convention | None) -> float:
    plain = _GROUPING.sub("", digits)
    decimal = convention.decimal if convention else _decimal_of(plain)
    if convention and _decimal_of(plain) not in ("", convention.decimal):
        decimal = _decimal_of(plain)  # a value that cannot be read by the convention is read by its own marks
    grouping = {".": ",", ",": "."}.get(decimal, ".,")
    for mark in grouping:
        plain = plain.replace(mark, "")
    return float(plain.replace(",", "."))


def _is_amount(match: re.Match[str], text: str) -> bool:
    """Not the 401 of `401(k)`, not metres squared, not the 7 of `grade 7`."""
    tail = (match["times"] or "") + text[match.end() : match.end() + 4]
    if match["number"] in ("401", "403", "457") and re.match(r"\s?\(?[kb]\b", tail, re.IGNORECASE):
        return False
    if not (match["before"] or match["after"]) and _STEP.search(_before(text, match.start("number"))):
        return False
    return not re.match(r"m[²³/]", tail)


def _before(text: str, end: int) -> str:
    """The words right before a place: looking further back at every amount would take quadratic time."""
    return text[max(0, end - _LOOK_BACK) : end]


def _amount(match: re.Match[str], text: str, convention: Convention | None) -> Amount:
    before, times, after = match["before"] or "", match["times"] or "", match["after"] or ""
    value = round(_value(match["number"], convention) * _factor(times), 2)
    if match["sign"] and not re.search(r"[\w)]\s?$", _before(text, match.start("sign"))):  # else the dash of a range
        value = -value
    start = match.start("before") if before else match.start("number")
    end = next(match.end(name) for name in ("after", "dash", "times", "number") if match[name])
    period: Period | None = "year" if times.lower() == "lpa" else None
    sign = (before if currency_of(before) or not currency_of("", after) else after).strip(" ()")
    return Amount(
        start, end, value, value, currency_of(before, after), period, sign or after.strip(" ()"), scaled=bool(times)
    )


def _factor(times: str) -> float:
    name = times.lower().rstrip(".")
    return _FACTOR.get(name) or _FACTOR.get(name.rstrip("s"), 1)


def _joined(found: Sequence[Amount], text: str) -> Iterator[Amount]:
    """Two ends with a dash or a word between them become one range."""
    position = 0
    while position < len(found):
        one = found[position]
        after = found[position + 1] if position + 1 < len(found) else None
        if after is not None and (both := _range(one, after, text)):
            yield both
            position += 2
        else:
            yield one
            position += 1


def _range(one: Amount, two: Amount, text: str) -> Amount | None:
    between = text[one.end : two.start]
    own = period_after(between)
    if not _joins(between[own[1] :].lstrip(".,*)") if own else between, _before(text, one.start)):
        return None
    if one.currency and two.currency and one.currency != two.currency:
        return None
    low = one.low
    if two.scaled and not one.scaled and low < min(two.high, 1000):
        low = round(low * _factor_of(text[two.start : two.end]), 2)
    if not 0 < low <= two.high <= low * _WIDEST:
        return None
    named = one if one.currency and not (two.currency and len(two.sign) > len(one.sign)) else two
    sign = named.sign or one.sign
    period = own[0] if own else one.period or two.period
    return Amount(one.start, two.end, low, two.high, named.currency, period, sign, scaled=one.scaled or two.scaled)


def _joins(between: str, before: str) -> bool:
    if not _JOIN.match(between):
        return False
    listed = re.match(
        r"\s{0,9}(?:and|or|a)\s{0,9}$", between
    )  # `£500 and £600` are two amounts, `between £500 and £600` one
    return not listed or bool(re.search(r"between[^.;]{0,40}$", before, re.IGNORECASE))


def _factor_of(amount: str) -> float:
    match = _SCALED.search(amount)
    return _factor(match[1]) if match else 1


def _with_next(found: Sequence[Amount]) -> Iterator[tuple[Amount, int | None]]:
    for position, one in enumerate(found):
        yield one, found[position + 1].start if position + 1 < len(found) else None


def _with_period(one: Amount, text: str, until: int | None) -> Amount:
    tail = text[one.end : min(until or len(text), one.end + 60)]
    after = period_after(tail)
    bound: Bound = "exact" if one.is_range else _bound(_before(text, one.start), tail)
    return replace(one, period=(after[0] if after else None) or one.period, bound=bound)


def _bound(before: str, after: str) -> Bound:
    if _AT_MOST.search(before):
        return "up_to"
    if _AT_LEAST.search(before) or _AND_UP.match(after):
        return "from"
    return "exact"


def period_after(tail: str) -> tuple[Period, int] | None:
    """The period written right after an amount, and where it ends."""
    for unit, pattern in _NEXT.items():
        if match := pattern.match(tail):
            return unit, match.end()
    return None
