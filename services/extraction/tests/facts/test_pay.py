"""Pay of postings: the amount with its own currency and period, and what is no pay."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Finder, values

_POSTING = """Job title: Site Supervisor
Location: {place}
{pay}

Responsibilities:
- Answer calls from tenants about repairs.
- Book visits for the repair teams.
- Record each visit in the housing system.
"""


def _pay(find: Finder, line: str, place: str = "Leeds") -> list[dict[str, Any]]:
    found = find(_POSTING.format(pay=line, place=place))
    return [value for value in values(found, "pay") if isinstance(value, dict)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OTE compensation: $91k - $105k (base + variable). You work on a daily basis with us.", (91000, 105000, "USD",
        "year")),
        ("Salary: £24,248 - £25,119 per annum (£12.57 - £13.02 per hour)", (24248, 25119, "GBP", "year")),
        ("Salary: £24,248 - £25,119 a year, 37 hours per week", (24248, 25119, "GBP", "year")),
        ("Salary: £24,248 - £25,119 per annum. Paid weekly.", (24248, 25119, "GBP", "year")),
        ("Pay: €2,900 per month, reviewed every year", (2900, 2900, "EUR", "month")),
        ("Rate: $31.50 an hour, weekly time sheets", (31.5, 31.5, "USD", "hour")),
        ("Salary: €48.000 – €54.000 brutto pro Jahr, 38 Stunden pro Woche", (48000, 54000, "EUR", "year")),
        ("Salary: £30,000 (monthly pay day on the 25th)", (30000, 30000, "GBP", "year")),
        ("Day rate: £450 per day, invoiced monthly", (450, 450, "GBP", "day")),
        ("Salary: £24,000 per annum pro rata (18.5 hours per week, actual salary £12,000)", (24000, 24000, "GBP",
        "year")),
        ("Salary: £29,500 to £33,000\nper annum, daily travel", (29500, 33000, "GBP", "year")),
        ("Pay range: $52,000.00/yr - $61,000.00/yr", (52000, 61000, "USD", "year")),
        ("Wage: $1,900 bi-weekly", (1900, 1900, "USD", "fortnight")),
    ],
)  # fmt: skip
def test_the_period_is_that_of_the_amount(find: Finder, line: str, expected: tuple[float, float, str, str]) -> None:
    first = _pay(find, line)[0]
    assert (first["low"], first["high"], first["currency"], first["period"]) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Salary package: A$95,000 - A$110,000 plus super", (95000, 110000, "AUD")),
        ("Base salary range: $120,000 - $150,000 AUD plus bonus", (120000, 150000, "AUD")),
        ("Compensation: $68,000 CAD to $74,000 CAD a year", (68000, 74000, "CAD")),
        ("Salary: NZ$80,000–NZ$92,500", (80000, 92500, "NZD")),
        ("Salary: CAD 61,000 to 70,000 per year", (61000, 70000, "CAD")),
        ("Salary: HK$30,000 - HK$40,000 per month", (30000, 40000, "HKD")),
        ("Gehalt: CHF 98'000.– pro Jahr", (98000, 98000, "CHF")),
        ("Salary: 8 500 zł - 11 000 zł per month", (8500, 11000, "PLN")),
        ("Salary: ₹12 - 15 LPA", (1200000, 1500000, "INR")),
        ("Salary: SEK 450 000 - 520 000 per year", (450000, 520000, "SEK")),
        ("Salary: R25 000 per month", (25000, 25000, "ZAR")),
        ("Salary: 45.000 - 52.000 EUR", (45000, 52000, "EUR")),
    ],
)  # fmt: skip
def test_the_currency_is_what_is_written_before_and_after(
    find: Finder, line: str, expected: tuple[float, float, str]
) -> None:
    first = _pay(find, line)[0]
    assert (first["low"], first["high"], first["currency"]) == expected


def test_a_shared_sign_is_read_by_the_place_and_flagged(find: Finder) -> None:
    found = find(_POSTING.format(pay="Salary: $95,000 per year", place="Melbourne, Australia"))
    (pay,) = [one for one in found.facts if one.type == "pay"]
    assert (pay.value["currency"], pay.flags) == ("AUD", ["CURRENCY_FROM_PLACE"])
    assert any(note.code == "CURRENCY_FROM_PLACE" for note in found.notes)


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("Salary: 45,000 - 52,000", "CURRENCY_UNKNOWN"), ("Salary: kr 42 000 per month", "CURRENCY_UNCLEAR"),
        ("Salary: £650", "PERIOD_UNKNOWN"), ("Salary: £450 per year", "PAY_IMPLAUSIBLY_LOW"),
        ("Salary: £91,000 per day", "PAY_IMPLAUSIBLY_HIGH"), ("Salary: $9,000,000 per year", "PAY_IMPLAUSIBLY_HIGH"),
    ],
)  # fmt: skip
def test_a_doubtful_amount_is_flagged_and_never_confident(find: Finder, line: str, flag: str) -> None:
    found = find(_POSTING.format(pay=line, place="Leeds"))
    (pay,) = [one for one in found.facts if one.type == "pay"]
    assert flag in pay.flags
    assert pay.confidence <= 0.5
    assert any(note.code == flag and note.examples for note in found.notes)


def test_ranges_that_contradict_each_other_are_both_shown_and_flagged(find: Finder) -> None:
    found = find(
        _POSTING.format(
            pay="Salary: £30,000 - £35,000 per year\nSalary range: £41,000 - £46,000 per year", place="Leeds"
        )
    )
    pay = [one for one in found.facts if one.type == "pay"]
    assert [one.value["low"] for one in pay] == [30000, 41000]
    assert all("PAY_CONFLICT" in one.flags for one in pay)


@pytest.mark.parametrize(
    "line",
    [
        "You manage a budget of £2m.", "Annual revenue of $120 million.", "Bonus of up to £5,000.",
        "We raised $40M in funding.", "Pension: 8 % and £3,000 a year",
        "Relocation allowance of €4,000", "Home office stipend for equipment of $500",
        "You get a learning budget of £1,000 a year", "Tuition reimbursement up to $5,250 per year",
        "A grant of £250,000 pays for the project.", "Sign-on bonus $10,000", "$3,000 referral bonus",
        "Life insurance of £100,000", "Portfolio of assets worth $3 billion",
    ],
)  # fmt: skip
def test_other_money_is_no_pay(find: Finder, line: str) -> None:
    assert _pay(find, line) == []


def test_pay_is_found_next_to_other_money(find: Finder) -> None:
    pay = _pay(find, "Salary: £38,000 - £42,000 per annum plus a bonus of £4,000 and a car allowance of £5,000")
    assert [(one["low"], one["high"]) for one in pay] == [(38000, 42000)]


def test_hours_and_pro_rata_are_kept_next_to_the_value(find: Finder) -> None:
    line = "Salary: £24,000 per annum pro rata (18.5 hours per week, actual salary £12,000)"
    found = find(_POSTING.format(pay=line, place="Leeds"))
    first, actual = [one for one in found.facts if one.type == "pay"]
    assert first.details == {"hours": 18.5, "pro_rata": True}
    assert (actual.value["low"], actual.value["period"], actual.details["kind"]) == (12000, "year", "actual")


@pytest.mark.parametrize(
    ("line", "details"),
    [
        ("Salary: up to £60,000 per year", {"bound": "up_to"}),
        ("Salary: from £28,000 per year", {"bound": "from"}),
        ("OTE: £70,000 per year", {"kind": "on_target"}),
        ("Salary: £28,000 per year", {}),
    ],
)
def test_what_the_text_says_next_to_the_amount(find: Finder, line: str, details: dict[str, Any]) -> None:
    found = find(_POSTING.format(pay=line, place="Leeds"))
    assert [one.details for one in found.facts if one.type == "pay"] == [details]
