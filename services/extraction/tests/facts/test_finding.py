"""Facts of small documents and of a large real table."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

from etter_extraction.facts.finding import find_facts
from etter_extraction.facts.model import Found
from etter_extraction.parsing.parsed import Page, Parsed, sheet_of

_POSTING = """Job title: Payroll Analyst
Location: Leeds
Salary: $52,000 - $61,000 per year
Responsibilities:
- 60% Prepare the monthly payroll for
all sites
- Train new colleagues in the team (40 %)
Skills:
- Excel
"""


def _text(text: str) -> Found:
    return find_facts(Parsed("text", [Page(1, "text", text)]), "any.txt")


def _table(rows: list[list[str]]) -> Found:
    page, sheet = sheet_of("table", 1, rows)
    found = find_facts(Parsed("csv", [page], [sheet]), "any.csv")
    assert all(page.text[one.start : one.end] == one.quote for one in found.facts)
    return found


def _values(found: Found, kind: str) -> list[object]:
    return [one.value for one in found.facts if one.type == kind]


def test_posting_gives_title_pay_and_tasks_with_places() -> None:
    found = _text(_POSTING)
    assert found.kind == "job_description"
    assert _values(found, "title") == ["Payroll Analyst"]
    assert _values(found, "location") == ["Leeds"]
    assert _values(found, "pay") == [{"low": 52000.0, "high": 61000.0, "currency": "USD", "period": "year"}]
    assert [(one.value, one.time_share) for one in found.facts if one.type == "task"] == [
        ("Prepare the monthly payroll for all sites", 0.6),
        ("Train new colleagues in the team", 0.4),
    ]
    assert all(_POSTING[one.start : one.end] == one.quote for one in found.facts)


def test_title_is_never_invented() -> None:
    found = _text("Responsibilities:\n- Prepare the payroll each month\n- Train new colleagues\nSkills:\n- Excel\n")
    assert found.kind == "job_description"
    assert _values(found, "title") == []


def test_procedure_without_a_role_is_other() -> None:
    found = _text("Owner: Finance Team\nTasks:\n- Count the cash in the till\n- Take the cash to the bank\n")
    assert (found.kind, found.facts) == ("other", [])
    assert found.warnings


def test_headcount_below_a_title_row_without_totals() -> None:
    found = _table([
        ["Headcount 2024"], ["Job title", "Department", "Headcount", "Average annual salary (USD)"],
        ["Picker", "Warehouse", "12", "34,500.00"], ["Buyer", "Supply", "3", "N/D"], ["Total", "", "15", ""],
    ])  # fmt: skip
    assert found.kind == "headcount"
    roles = [(one.value["title"], one.value["headcount"], one.value["salary"]) for one in found.facts]
    assert roles == [("Picker", 12, 34500.0), ("Buyer", 3, None)]


def test_one_line_per_person_is_counted_and_hourly_pay_made_annual() -> None:
    found = _table([
        ["Job Titles", "Department", "Typical Hours", "Annual Salary", "Hourly Rate"],
        ["CLERK", "FINANCE", "20", "", "15"], ["CLERK", "FINANCE", "40", "", "15"],
        ["CHIEF", "FINANCE", "", "90,000", ""],
    ])  # fmt: skip
    assert [(one.value["title"], one.value["headcount"], one.value["salary"]) for one in found.facts] == [
        ("CLERK", 2, 23400.0),
        ("CHIEF", 1, 90000.0),
    ]


def test_city_of_30_872_people_is_counted(shared_data: Path) -> None:
    raw = gzip.decompress((shared_data / "data/hris/chicago_employees_2023.csv.gz").read_bytes()).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(raw), delimiter=";"))
    found = _table(rows)
    assert sum(one.value["headcount"] for one in found.facts) == 30_872


def test_an_amount_of_more_digits_than_a_number_has_is_none() -> None:
    found = _table([["Job title", "Headcount"], ["Clerk", "9" * 400], ["Baker", "3"]])
    assert [(fact.value["title"], fact.value["headcount"]) for fact in found.facts] == [("Clerk", 0), ("Baker", 3)]
