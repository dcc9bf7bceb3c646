"""Amounts as people write them."""

from __future__ import annotations

import re
from math import isfinite

_NUMBER = re.compile(r"-?\d[\d.,'\u00a0\u202f ]*")
_CURRENCIES = {"$": "USD", "US$": "USD", "£": "GBP", "€": "EUR", "USD": "USD", "GBP": "GBP", "EUR": "EUR", "CHF": "CHF",
               "CAD": "CAD", "AUD": "AUD", "INR": "INR", "SEK": "SEK", "NOK": "NOK", "DKK": "DKK"}  # fmt: skip
_CURRENCY = re.compile(r"US\$|[$£€]|\b(?:USD|GBP|EUR|CHF|CAD|AUD|INR|SEK|NOK|DKK)\b", re.IGNORECASE)


def number(text: str) -> float | None:
    """`80,448.00`, `1.234,56`, `$ 52 000`, `12.5`; `None` for anything without a number."""
    match = _NUMBER.search(text)
    value = _value(match[0]) if match else None
    return value if value is not None and isfinite(value) else None  # too many digits make an infinite one


def _value(written: str) -> float:
    digits = re.sub(r"['\u00a0\u202f ]", "", written).rstrip(".,")
    if "," in digits and "." in digits:
        decimal = max(digits.rfind(","), digits.rfind("."))
        whole = re.sub(r"[.,]", "", digits[:decimal])
        return float(f"{whole}.{digits[decimal + 1 :]}")
    if "," in digits or "." in digits:
        mark = "," if "," in digits else "."
        head, *groups = digits.split(mark)
        thousands = all(len(group) == 3 for group in groups) and (mark == "," or len(groups) > 1 or len(head) <= 0)
        digits = head + "".join(groups) if thousands or len(groups) > 1 else f"{head}.{groups[0]}"
    return float(digits)


def currency(text: str) -> str | None:
    match = _CURRENCY.search(text)
    return _CURRENCIES[match[0].upper()] if match else None
