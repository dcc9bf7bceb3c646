"""Currencies as they are written: ISO codes, signs, signs with a country before them, words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

CODES: Final = (
    "AED|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|GHS|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES|KRW|MAD|MXN|MYR|NGN|"
    "NOK|NZD|PEN|PHP|PKR|PLN|QAR|RON|RSD|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_SIGNS: Final[dict[str, str | None]] = {
    "us$": "USD", "usd$": "USD", "a$": "AUD", "au$": "AUD", "aud$": "AUD", "c$": "CAD", "ca$": "CAD", "cad$": "CAD",
    "cdn$": "CAD", "can$": "CAD", "nz$": "NZD", "nzd$": "NZD", "hk$": "HKD", "hkd$": "HKD", "s$": "SGD", "sg$": "SGD",
    "sgd$": "SGD", "mx$": "MXN", "nt$": "TWD", "r$": "BRL", "£": "GBP", "€": "EUR", "₹": "INR", "rs.": "INR",
    "rs": "INR", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "rm": "MYR", "₽": "RUB", "₺": "TRY",
    "₩": "KRW", "₪": "ILS", "₱": "PHP", "₦": "NGN", "฿": "THB", "₫": "VND", "₴": "UAH", "лв": "BGN", "fr.": "CHF",
    "sfr.": "CHF", "sfr": "CHF", "euro": "EUR", "euros": "EUR", "pounds": "GBP", "pounds sterling": "GBP",
    "rmb": "CNY", "元": "CNY", "円": "JPY", "yen": "JPY", "us dollars": "USD", "u.s. dollars": "USD",
    "australian dollars": "AUD", "canadian dollars": "CAD", "new zealand dollars": "NZD", "swiss francs": "CHF",
    "r": "ZAR", "$": None, "¥": None, "kr": None, "kr.": None, "dollars": None, "kronor": "SEK", "kroner": None,
}  # fmt: skip
_SHARED: Final[dict[str, tuple[str, ...]]] = {
    "$": ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "TWD"),
    "dollars": ("USD", "AUD", "CAD", "NZD", "HKD", "SGD"),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("DKK", "SEK", "NOK", "ISK"),
    "kroner": ("NOK", "DKK"),
}
_PLACE_NAMES: Final = (
    ("AUD", r"Australia|Sydney|Melbourne|Brisbane|Perth|Adelaide|Canberra|superannuation|plus super|\bNSW\b"),
    ("CAD", r"Canad(?:a|ian)|Toronto|Vancouver|Montr[eé]al|Calgary|Ottawa|Edmonton|Ontario|Qu[eé]bec|Alberta"),
    ("NZD", r"New Zealand|Auckland|Wellington|Christchurch|Aotearoa"),
    ("HKD", r"Hong Kong"), ("SGD", r"Singapore"), ("TWD", r"Taiwan|Taipei"), ("MXN", r"M[eé]xico"),
    ("SEK", r"Sweden|Sverige|Stockholm|Göteborg|Gothenburg|Malmö"), ("NOK", r"Norway|Norge|Oslo|Bergen|Trondheim"),
    ("DKK", r"Denmark|Danmark|København|Copenhagen|Aarhus"), ("ISK", r"Iceland|Reykjav[ií]k"),
    ("JPY", r"Japan|Tokyo|Osaka"), ("CNY", r"China|Beijing|Shanghai|Shenzhen"),
)  # fmt: skip
_PLACES: Final = [(code, re.compile(rf"\b(?:{names})")) for code, names in _PLACE_NAMES]
_ALONE: Final = {sign: re.compile(rf"(?<![^\W_]){re.escape(sign)}(?![^\W_])", re.IGNORECASE) for sign in _SIGNS}
_BEFORE_DIGITS: Final = {sign: re.compile(rf"(?<!\w){re.escape(sign)}\s?\d", re.IGNORECASE) for sign in _SIGNS}


def _either(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_ONLY_AFTER = [sign for sign in _SIGNS if sign.endswith(("dollars", "francs", "pounds", "sterling"))]
_ONLY_BEFORE = [sign for sign in _SIGNS if sign in ("r", "rs", "rs.") or sign.endswith("$")]
_WORDS = [sign for sign in _SIGNS if sign[0].isalpha() and sign not in _ONLY_AFTER]
BEFORE: Final = (
    rf"(?<![^\W\d_])(?:{_either(_WORDS)}|{CODES})(?=[\s\d:£$€])\s?[£$€]?"
    rf"|{_either([sign for sign in _SIGNS if not sign[0].isalpha()])}"
)
AFTER: Final = (
    rf"(?:us|au?|ca?|nz|hk|sg?)?\$|{_either([sign for sign in _SIGNS if sign not in _ONLY_BEFORE])}(?![^\W_])"
    rf"|(?:{CODES})(?![^\W_])"
)
_CODE = re.compile(rf"(?<![^\W_])({CODES})(?![^\W_])", re.IGNORECASE)


def currency_of(before: str, after: str = "") -> str | None:
    """The ISO code that the text right before or after an amount names; `None` for none and for a shared sign."""
    for text in (before, after):
        if code := _CODE.search(text):
            return code[1].upper()
    return next((named for text in (before, after) if (named := _SIGNS.get(_plain(text)))), None)


def currency_in(label: str) -> str | None:
    """The currency that a heading or number format names: `Salary (GBP)`, `Gehalt in €`, `[$£-809]#,##0`."""
    codes = {code.upper() for code in _CODE.findall(label)}
    if codes:
        return codes.pop() if len(codes) == 1 else None
    signs = {s for s, pattern in _ALONE.items() if s != "r" and pattern.search(label)}
    named = {_SIGNS[sign] for sign in signs if _SIGNS[sign] and len(sign) == max(len(s) for s in signs)}
    if named:
        return named.pop() if len(named) == 1 else None
    return "USD" if "$" in signs else None


@lru_cache(maxsize=32)
def of_shared_sign(sign: str, document: str) -> tuple[str | None, str | None]:
    """The currency of `$`, `kr` or `¥` by the rest of the document, and the flag that says how it was decided.

    A code or an unshared sign elsewhere decides; then places. `$` alone, with neither, is the US dollar.
    """
    shared = _SHARED.get(_plain(sign))
    if shared is None:
        return None, "CURRENCY_UNKNOWN"
    codes = {code.upper() for code in _CODE.findall(document)} & set(shared)
    codes |= {
        code
        for sign_, code in _SIGNS.items()
        if code in shared and sign_.endswith("$") and _BEFORE_DIGITS[sign_].search(document)
    }
    if len(codes) == 1:
        return codes.pop(), None
    places = [code for code, pattern in _PLACES if code in shared and pattern.search(document)]
    if len(places) == 1 and not codes:
        return places[0], "CURRENCY_FROM_PLACE"
    if "USD" in shared and not codes and not places:
        return "USD", None
    return None, "CURRENCY_UNCLEAR"


def _plain(text: str) -> str:
    return " ".join(text.strip(" ()|").lower().split())
