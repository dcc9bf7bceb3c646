"""Structured data about a job in the file itself (schema.org JobPosting), with the place of each value in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from etter_extraction.facts.amounts import PER_YEAR, number
from etter_extraction.facts.model import Fact, Span, fact
from etter_extraction.facts.pay import implausible
from etter_extraction.facts.units import Places

_CONFIDENCE: Final = 0.97
_UNIT: Final = {"HOUR": "hour", "DAY": "day", "WEEK": "week", "MONTH": "month", "YEAR": "year", "BIWEEKLY": "fortnight"}


def find(posting: Mapping[str, Any], places: Places) -> Iterator[Fact]:
    """Title, employer, location, kind of employment and pay."""
    for kind, text in (
        ("title", _text(posting.get("title"))),
        ("employer", _text(posting.get("hiringOrganization"))),
        ("location", _location(posting.get("jobLocation"))),
        ("department", _text(posting.get("department"))),
        ("employment_type", _text(posting.get("employmentType"))),
    ):
        if text:
            yield fact(kind, text, _place(text, places), _CONFIDENCE)
    if pay := _pay(posting):
        yield _pay_fact(pay, places)


def _place(text: str, places: Places) -> Span:
    """Where the page says the same; the page's beginning, without a quote, where it does not."""
    return places.find(text) or Span(places.first, 0, 0, "")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("name") or ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))[:200]
    return " ".join(re.sub(r"<[^>]{1,99}>", " ", str(value or "")).split())[:200]


def _location(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, Mapping):
        return _text(first)
    address = first.get("address", first)
    if not isinstance(address, Mapping):
        return _text(address)
    return (
        _text(address.get("addressLocality"))
        or _text(address.get("addressRegion"))
        or _text(address.get("addressCountry"))
        or _text(first)
    )


def _pay(posting: Mapping[str, Any]) -> dict[str, Any] | None:
    salary = posting.get("baseSalary") or posting.get("estimatedSalary")
    salary = salary[0] if isinstance(salary, list) and salary else salary
    if not isinstance(salary, Mapping):
        return None
    value = salary.get("value", salary)
    given = value if isinstance(value, Mapping) else {"value": value}
    ends = [_amount(given.get(name)) for name in ("minValue", "maxValue", "value")]
    known = [end for end in ends if end]
    if not known:
        return None
    currency = str(salary.get("currency") or given.get("currency") or posting.get("salaryCurrency") or "").upper()
    unit = _UNIT.get(str(given.get("unitText") or salary.get("unitText") or "").upper())
    return {
        "low": min(known),
        "high": max(known),
        "currency": currency if re.fullmatch(r"[A-Z]{3}", currency) else None,
        "period": unit,
    }


def _amount(value: Any) -> float | None:
    return number(str(value)) if value is not None else None


def _pay_fact(value: dict[str, Any], places: Places) -> Fact:
    flags = [
        code
        for code, missing in (
            ("CURRENCY_UNKNOWN", value["currency"] is None),
            ("PERIOD_UNKNOWN", value["period"] not in PER_YEAR),
        )
        if missing
    ]
    flags += implausible(value)
    shown = [f"{value[end]:,.0f}" for end in ("low", "high")]
    span = next(
        (found for text in (*shown, *(text.replace(",", "") for text in shown)) if (found := places.find(text))), None
    )
    return fact("pay", value, span or Span(places.first, 0, 0, ""), 0.5 if flags else _CONFIDENCE, flags=flags)
