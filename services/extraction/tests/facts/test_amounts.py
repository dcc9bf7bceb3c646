"""Amounts in prose and in cells."""

from __future__ import annotations

import pytest

from etter_extraction.facts import amounts
from etter_extraction.facts.amounts import Convention
from etter_extraction.facts.currencies import currency_in, of_shared_sign

RANGES = [
    ("£24,248 - £25,119 per annum (£12.57 - £13.02 per hour)",
     [(24248, 25119, "GBP", "year"), (12.57, 13.02, "GBP", "hour")]),
    ("£24,248 - £25,119 a year", [(24248, 25119, "GBP", "year")]),
    ("A$95,000 - A$110,000 plus super", [(95000, 110000, "AUD", None)]),
    ("$120,000 - $150,000 AUD plus bonus", [(120000, 150000, "AUD", None)]),
    ("$68,000 CAD to $74,000 CAD a year", [(68000, 74000, "CAD", "year")]),
    ("NZ$80,000-NZ$92,500", [(80000, 92500, "NZD", None)]),
    ("HK$30,000 – HK$40,000 per month", [(30000, 40000, "HKD", "month")]),
    ("24.000 € – 28.000 €", [(24000, 28000, "EUR", None)]),
    ("45.500,00 EUR brutto pro Jahr", [(45500, 45500, "EUR", "year")]),
    ("CHF 98'000.– pro Jahr", [(98000, 98000, "CHF", "year")]),
    ("8 500 zł miesięcznie", [(8500, 8500, "PLN", "month")]),
    ("R25 000 per month", [(25000, 25000, "ZAR", "month")]),
    ("kr 450 000 - 520 000 per år", [(450000, 520000, None, "year")]),
    ("₹12 - 15 LPA", [(1200000, 1500000, "INR", "year")]),
    ("$48,000.00/yr - $52,000.00/yr", [(48000, 52000, None, "year")]),
    ("$20/hour to $25/hour", [(20, 25, None, "hour")]),
    ("USD$60,000 to USD$70,000", [(60000, 70000, "USD", None)]),
    ("between £30,000 and £35,000 per annum", [(30000, 35000, "GBP", "year")]),
    ("$58,630 per annum starting, increasing to $66,726", [(58630, 66726, None, "year")]),
    ("$27.09/hr (step 1) - $29.90/hr (step 6)", [(27.09, 29.9, None, "hour")]),
    ("£50-60k", [(50000, 60000, "GBP", None)]),
    ("$91k - $105k", [(91000, 105000, None, None)]),
    ("$72,300\n-\n$138,900 per year", [(72300, 138900, None, "year")]),
    ("GBP 24 248–25 119 p.a.", [(24248, 25119, "GBP", "year")]),
    ("£1.2m", [(1200000, 1200000, "GBP", None)]),
    ("£450/day", [(450, 450, "GBP", "day")]),
    ("$4,583.33 Monthly", [(4583.33, 4583.33, None, "month")]),
    ("$1,900 bi-weekly", [(1900, 1900, None, "fortnight")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), RANGES, ids=[text[:30] for text, _ in RANGES])
def test_amounts_and_ranges_with_their_own_period(text: str, expected: list[tuple[float, float, str, str]]) -> None:
    assert [(one.low, one.high, one.currency, one.period) for one in amounts.amounts_in(text)] == expected


@pytest.mark.parametrize("text", ["£26,000. Paid weekly.", "£26,000 (paid monthly)", "£26,000, 37 hours per week"])
def test_a_period_word_nearby_is_not_the_period_of_the_amount(text: str) -> None:
    assert amounts.amounts_in(text)[0].period is None


@pytest.mark.parametrize("text", ["401(k) with match", "401k match", "403(b) plan", "5 % of the time"])
def test_what_looks_like_money_and_is_not(text: str) -> None:
    assert amounts.amounts_in(text) == []


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("50k-60k", (50000, 60000, None)), ("24,000 - 28,000", (24000, 28000, None)),
        ("£12.85 per hour", (12.85, 12.85, "hour")),
        ("1.2m", (1200000, 1200000, None)), ("£450/day", (450, 450, "day")), ("34.500,00", (34500, 34500, None)),
    ],
)  # fmt: skip
def test_cells(cell: str, expected: tuple[float, float, str | None]) -> None:
    found = amounts.amount_in(cell)
    assert found is not None
    assert (found.low, found.high, found.period) == expected


@pytest.mark.parametrize(
    ("values", "decimal"),
    [
        (["34.500", "112.000", "48,20"], ","), (["34,500", "112,000", "48.20"], "."), (["21,75", "0,75", "1,5"], ","),
        (["1.234.567", "12.000"], ","), (["0.750", "21.75"], "."), (["34.500", "112.000"], None), (["12", "abc"], None),
    ],
)  # fmt: skip
def test_the_convention_is_decided_from_all_values(values: list[str], decimal: str | None) -> None:
    verdict = amounts.convention_of(values)
    assert (verdict.convention.decimal if verdict.convention else None) == decimal


def test_a_stated_convention_decides_an_ambiguous_number() -> None:
    assert amounts.number("34.500", Convention(",")) == 34500
    assert amounts.number("34.500", Convention(".")) == 34.5
    assert amounts.number("1.500", Convention(",")) == 1500
    assert amounts.number("1,5", Convention(".")) == 1.5


@pytest.mark.parametrize(("text", "value"), [("-4", -4), ("(500)", -500), ("abc", None), ("0,75", 0.75), ("", None)])
def test_numbers_keep_their_sign_and_words_are_none(text: str, value: float | None) -> None:
    assert amounts.number(text) == value


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Salary (£)", "GBP"), ("Gehalt in EUR", "EUR"), ("Lohn CHF", "CHF"), ("Pay $", "USD"), ("Salary", None),
        ('[$£-809]#,##0', "GBP"), ("Base (A$)", "AUD"), ("Salary GBP / EUR", None),
    ],
)  # fmt: skip
def test_currency_of_a_heading(label: str, code: str | None) -> None:
    assert currency_in(label) == code


@pytest.mark.parametrize(
    ("sign", "document", "expected"),
    [
        ("$", "Pay $50,000", ("USD", None)), ("$", "Pay $50,000. All amounts in CAD.", ("CAD", None)),
        ("$", "Sydney, $90,000", ("AUD", "CURRENCY_FROM_PLACE")),
        ("kr", "Lön 40 000 kr, Stockholm", ("SEK", "CURRENCY_FROM_PLACE")),
        ("kr", "Pay 40 000 kr", (None, "CURRENCY_UNCLEAR")), ("¥", "Salary ¥300,000", (None, "CURRENCY_UNCLEAR")),
        ("¥", "Tokyo, ¥5,000,000", ("JPY", "CURRENCY_FROM_PLACE")), ("", "Pay 50,000", (None, "CURRENCY_UNKNOWN")),
    ],
)  # fmt: skip
def test_a_shared_sign_is_read_by_the_document_and_never_guessed(sign: str, document: str, expected: object) -> None:
    assert of_shared_sign(sign, document) == expected


def test_period_of_a_heading() -> None:
    labels = ["Hourly rate", "Annual Salary", "Salary p.a.", "Salary per month", "Tagessatz", "Salary"]
    assert [amounts.period_in(label) for label in labels] == ["hour", "year", "year", "month", None, None]


def test_hourly_pay_by_the_year_uses_the_stated_hours() -> None:
    assert amounts.annual(20, "hour") == 41600
    assert amounts.annual(20, "hour", 37) == pytest.approx(38480)
