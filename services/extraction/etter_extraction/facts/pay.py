"""Pay: every amount that the text says is paid for the role, each with its own currency, period and hours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from etter_extraction.facts.amounts import Amount, amounts_in, annual, period_in
from etter_extraction.facts.currencies import of_shared_sign
from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.model import Fact, fact
from etter_extraction.facts.units import Places

_PAY = re.compile(
    r"salar(?:y|ies)|\bpay(?:s|ing)?\b|\bpaid\b|\bwages?\b|compensation|remunerat|stipend|earnings?\b|\bearn\b|"
    r"\bOTE\b|\brates?\b|hiring range|"
    r"(?:pay|salary) (?:band|scale|grade|range)|package|gehalt|lohn|vergütung|salaire|rémunération|wynagrodzeni|"
    r"\blön\b|\bløn\b|salario|retribu|\bgrade\b|\bCTC\b|"
    r"\bper (?:hour|annum|year)\b|annually|hourly",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"bonus|commission|budget|revenue|turnover|sales\b|pension|allowance|reimburse|fund(?:s|ed|ing|raising)?\b|"
    r"grants?\b|tuition|relocation|sign(?:ing)?[- ]on|401|403|"
    r"insurance|deductible|donat|award|portfolio|assets|savings|raised|valuation|\bfees?\b|costs?\b|fines?\b|spend|"
    r"profit|discount|voucher|per diem|invest|"
    r"contribution|endowment|loans?\b|debt|expense|equipment|purchase|contracts? (?:worth|valued)|valued at|worth\b|"
    r"prize|scholarship|match(?:ing|es)?\b|stock|equity|"
    r"referral|customers|clients|members|market|sponsorship|limit|threshold|limits|up-?front|deposit|overhead|capital|"
    r"facility|projects? of|mileage|learning|home[- ]office|wellness|gym|"
    r"super(?:annuation)?\b|holiday|retention|incentive|rent\b|supplement|benefits? worth|development",
    re.IGNORECASE,
)
_OTHER_AFTER = re.compile(
    r"^\s{0,9}(?:[A-Z]{3}\s)?(?:(?:in|of|as an?|worth of|towards?|for|per year|per annum|a year|annual|yearly|home|"
    r"office|"
    r"sign(?:ing)?-on|sign on|learning|wellness|performance|company|new|total|gross|equipment|training|travel|car|"
    r"housing|relocation)[\s-]{0,99}){0,4}"
    r"(?:bonus|commission|budget|revenue|turnover|sales|pension|allowance|reimburse\w{0,40}|funding|funds?|grants?|"
    r"tuition|"
    r"relocation|insurance|deductible|donations?|award|portfolio|assets|savings|fees?|"
    r"costs?|spend|profit|vouchers?|stipend (?:for|towards)|investments?|contributions?|endowment|expenses|business|"
    r"company|organi[sz]ation|project|programme|program|loan|equity|stock|market|"
    r"development|training|education|equipment|supplement|incentive|retention|referral|credit)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[;()]|\.\s|,\s(?=(?:plus|and|with)\b)|\bplus\b|\s\+\s|\band\b(?=\s{1,9}(?:an?|up to)\b)", re.IGNORECASE
)
_HOURS = re.compile(
    r"(\d{1,2}(?:[.,]\d{1,2})?)\s{0,9}(?:-\s?)?(?:hours?|hrs?)\.?\s{0,9}(?:per|a|each|/|every)\s{0,9}(?:week|wk)|"
    r"(\d{1,2}(?:[.,]\d{1,2})?)\s{0,9}hpw\b",
    re.IGNORECASE,
)
_PRO_RATA = re.compile(r"pro[\s-]?rata|prorated|pro-rated|full[- ]time equivalent|\bFTE\b", re.IGNORECASE)
_ACTUAL = re.compile(
    r"\bactual (?:salary|pay)|equivalent to|\bequates? to|\(\s{0,9}$|=\s{0,9}$|\bor\s{0,9}$", re.IGNORECASE
)
_LOWEST_YEAR, _HIGHEST_YEAR = 1_000, 5_000_000
_SMALL_UNIT: Final = ("USD", "GBP", "EUR", "CHF", "CAD", "AUD", "NZD", "SGD")
_LOOK_BACK, _MOST_AMOUNTS, _MOST_FACTS = 300, 5_000, 12
_YEARLY_FROM, _HOURLY_BELOW = 10_000, 250


@dataclass(frozen=True)
class _Said:
    """An amount and the words it stands in."""

    amount: Amount
    text: str
    start: int
    one: Labelled
    label: str


def find(labelled: Sequence[Labelled], places: Places, *, role: int = 0) -> list[Fact]:
    """The main pay first; other amounts for the same work after it. Ranges that contradict each other are flagged."""
    said = [one for one in islice(_said(labelled), _MOST_AMOUNTS) if _is_pay(one)]
    said.sort(key=lambda one: -_weight(one))
    facts: list[Fact] = []
    for one in said:
        if len(facts) >= _MOST_FACTS:
            break
        value, details, flags, confidence = _value(one, places.whole)
        known = [(f.value["low"], f.value["high"], f.value["period"]) for f in facts]
        if (value["low"], value["high"], value["period"]) in known:
            continue
        start = one.start + one.amount.start
        span = places.of(one.one.unit.block, start, one.start + one.amount.end)
        facts.append(fact("pay", value, span, confidence, role=role, flags=flags, details=details))
    return _compared(facts)


def _said(labelled: Sequence[Labelled]) -> Iterator[_Said]:
    """Amounts by block, so that a range over two sentences or lines is one; the last heading gives context."""
    heading, block = "", None
    for position, one in enumerate(labelled):
        if one.unit.is_heading or (
            one.label in ("heading", "field") and len(one.unit.text.split()) <= 6 and not amounts_in(one.unit.text)
        ):
            heading = one.unit.text
        if one.unit.block is block:
            continue
        block = one.unit.block
        mine = [other for other in labelled[position : position + 60] if other.unit.block is block]
        for amount in amounts_in(block.text):
            inside = next((o for o in reversed(mine) if o.unit.offset <= amount.start), one)
            yield _Said(amount, block.text, 0, inside, heading)


def _is_pay(said: _Said) -> bool:
    amount, text = said.amount, said.text
    if amount.low <= 0 or (said.one.label in ("benefit", "equal", "employer_text") and not _PAY.search(text)):
        return False
    if _OTHER_AFTER.match(text[amount.end : amount.end + 60]):
        return False
    clause = _CLAUSE.split(text[max(0, amount.start - _LOOK_BACK) : amount.start])[-1]
    before = _last(clause) or _last(text[max(0, amount.start - 120) : amount.start])
    money = bool(amount.sign) or amount.scaled
    if before == "other":
        return False
    if not money:
        return _bare(said)
    if before == "pay" or amount.period:
        return True
    return said.one.label == "pay" or (
        bool(_PAY.search(said.label) and not _OTHER.search(said.label)) and len(text) < 120
    )


def _bare(said: _Said) -> bool:
    """A number without a currency is pay only right after a label that says so: `Salary: 45,000 – 50,000`."""
    before = said.text[max(0, said.amount.start - 45) : said.amount.start]
    labelled = re.search(
        r"(?:salar(?:y|ies)|\bpay\b|wages?|compensation|remuneration|gehalt|salaire|wynagrodzenie|lön)[^.;]{0,30}$",
        before,
        re.IGNORECASE,
    )
    alone = not before.strip() and re.search(r"salar|\bpay\b|wage|compensation|gehalt", said.label, re.IGNORECASE)
    tail = said.text[said.amount.end :]
    return (
        bool(labelled or alone)
        and said.amount.high >= 1_000
        and not re.match(r"\s{0,9}(?:hours|days|weeks|employees|people|%)", tail)
        and not (1900 <= said.amount.low <= 2100 and not said.amount.is_range)
    )


def _last(text: str) -> str | None:
    """The word nearest before an amount that says what it is: `pay`, `other` or neither."""
    pay = max((match.start() for match in _PAY.finditer(text)), default=-1)
    other = max((match.start() for match in _OTHER.finditer(text)), default=-1)
    if pay == other == -1:
        return None
    return "pay" if pay > other else "other"


def _weight(said: _Said) -> float:
    """Which amount is the pay of the role and which only explains it."""
    amount, before = said.amount, said.text[max(0, said.amount.start - 40) : said.amount.start]
    label = bool(
        re.search(
            r"salar|\bpay\b|compensation|wage|stipend|rate|gehalt|remuneration", before + said.label, re.IGNORECASE
        )
    )
    return (
        2.0 * label
        + 1.5 * (said.one.label == "pay")
        + amount.is_range
        + 0.5 * bool(amount.period)
        - 1.0 * (amount.bound == "up_to")
        - 3.0 * bool(_ACTUAL.search(before))
    )


def _value(said: _Said, document: str) -> tuple[dict[str, Any], dict[str, Any], list[str], float]:
    amount, flags, confidence = said.amount, [], 0.93
    currency = amount.currency
    if currency is None:
        currency, doubt = of_shared_sign(amount.sign, document)
        flags += [doubt] if doubt else []
    period = amount.period or _period_before(said)
    if period is None:
        period = _period_by_size(amount, currency)
        confidence = 0.8
        if period is None:
            flags.append("PERIOD_UNKNOWN")
        elif period != "year":
            flags.append("PERIOD_GUESSED")
    value: dict[str, Any] = {"low": amount.low, "high": amount.high, "currency": currency, "period": period}
    details = _details(said)
    flags += implausible(value, details.get("hours"))
    return value, details, flags, 0.5 if flags else confidence


def _period_before(said: _Said) -> str | None:
    clause = _HOURS.sub("", re.split(r"[.;)]\s", _before(said))[-1])[-80:]
    inside = amounts_in(clause)
    own = clause[inside[-1].end :] if inside and inside[-1].sign else clause
    return period_in(own) or (period_in(said.label) if len(said.text) < 120 else None)


def _period_by_size(amount: Amount, currency: str | None) -> str | None:
    """Where nothing is said: five figures and more are by the year, as in `£24,248 (paid monthly)`."""
    if currency is not None and currency not in _SMALL_UNIT:
        return None
    if amount.high >= _YEARLY_FROM:
        return "year"
    return "hour" if amount.high < _HOURLY_BELOW else None


def _before(said: _Said) -> str:
    return said.text[max(0, said.amount.start - _LOOK_BACK) : said.amount.start]


def _details(said: _Said) -> dict[str, Any]:
    """Hours, `pro_rata`, `bound` and `kind`, where the text says them."""
    around = said.text[max(0, said.amount.start - 80) : said.amount.end + 120]
    found: dict[str, Any] = {}
    if hours := _HOURS.search(around):
        found["hours"] = float((hours[1] or hours[2]).replace(",", "."))
    if _PRO_RATA.search(around):
        found["pro_rata"] = True
    if said.amount.bound != "exact":
        found["bound"] = said.amount.bound
    if re.search(r"\bOTE\b|on[- ]target", around):
        found["kind"] = "on_target"
    elif re.search(r"\bactual (?:salary|pay)\W{0,9}$", _before(said), re.IGNORECASE):
        found["kind"] = "actual"
    return found


def implausible(value: dict[str, Any], hours: float | None = None) -> list[str]:
    """Why an amount can hardly be the pay of one person."""
    if value["period"] is None or value["currency"] not in (*_SMALL_UNIT, None):
        return []
    low, high = (annual(value[end], value["period"], hours) for end in ("low", "high"))
    flags = []
    if low < _LOWEST_YEAR:
        flags.append("PAY_IMPLAUSIBLY_LOW")
    if high > _HIGHEST_YEAR or (value["period"] != "year" and high > _HIGHEST_YEAR / 5):
        flags.append("PAY_IMPLAUSIBLY_HIGH")
    return flags


def _compared(facts: Sequence[Fact]) -> list[Fact]:
    """Flag ranges for the same period that contradict each other; one inside the other is no contradiction."""
    if not any(_contradicts(facts[0], one) for one in facts[1:]):
        return list(facts)
    against = [one is facts[0] or _contradicts(facts[0], one) for one in facts]
    return [
        msgspec.structs.replace(one, flags=[*one.flags, "PAY_CONFLICT"], confidence=0.5) if doubtful else one
        for one, doubtful in zip(facts, against, strict=True)
    ]


def _contradicts(main: Fact, one: Fact) -> bool:
    here, there = main.value, one.value
    if here["period"] != there["period"] or main.details.get("kind") or one.details.get("kind"):
        return False
    if here["currency"] != there["currency"]:
        return True
    within = here["low"] <= there["low"] <= there["high"] <= here["high"]
    return not within and not there["low"] <= here["low"] <= here["high"] <= there["high"]
