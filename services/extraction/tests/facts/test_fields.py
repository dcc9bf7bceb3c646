"""Employer, department, manager and the other fields; qualifications."""

from __future__ import annotations

import pytest

from .conftest import Finder, values

_BODY = (
    "\nDuties\n- Process the monthly payroll for the staff\n- Answer questions on payslips\n"
    "- Prepare the journals for finance\n"
)


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        ("Employer: Northgate Museum", "employer", "Northgate Museum"), ("Company: Kestrel Software GmbH", "employer",
        "Kestrel Software GmbH"),
        ("Department: Finance", "department", "Finance"), ("Location: Leeds", "location", "Leeds"), ("Grade: 7",
        "level", "7"),
        ("Reports to: Head of Finance", "manager", "Head of Finance"), ("Line manager: Finance Director", "manager",
        "Finance Director"),
        ("The officer reports directly to the Head of Finance.", "manager", "Head of Finance"),
        ("You work under the supervision of the Chief Registrar.", "manager", "Chief Registrar"),
        ("Contract type: permanent, full-time", "employment_type", "permanent, full-time"),
    ],
)  # fmt: skip
def test_fields(find: Finder, line: str, kind: str, value: str) -> None:
    assert values(find(f"Job title: Payroll Officer\n{line}\n{_BODY}"), kind) == [value]


def test_several_fields_in_one_line_are_parted(find: Finder) -> None:
    found = find(f"Job title: Payroll Officer   Department: Finance   Location: Leeds\n{_BODY}")
    assert values(found, "title") == ["Payroll Officer"]


@pytest.mark.parametrize("value", ["n/a", "TBC", "none", "Not specified", "-"])
def test_a_field_that_says_nothing_is_no_fact(find: Finder, value: str) -> None:
    assert values(find(f"Job title: Payroll Officer\nDepartment: {value}\n{_BODY}"), "department") == []


@pytest.mark.parametrize(
    "line",
    [
        "Bachelor's degree in finance or a related field", "Registered nurse with a valid licence",
        "At least three years of experience in payroll",
        "Certified payroll professional", "High school diploma or equivalent",
    ],
)  # fmt: skip
def test_qualifications_are_facts_and_no_skills(find: Finder, line: str) -> None:
    found = find(f"Job title: Payroll Officer\n{_BODY}\nRequirements\n- {line}\n- Careful with figures\n")
    assert values(found, "qualification") == [line]
    assert not [
        skill for skill in values(found, "skill") if "degree" in str(skill).lower() or "diploma" in str(skill).lower()
    ]


@pytest.mark.parametrize(
    "text",
    ["Title: " * 20_000, "Department: Finance " * 5_000, "$1 " * 30_000, "Skills:\n" + "Excel, Python, " * 5_000,
    "word " * 50_000],
    ids=["labels", "fields", "amounts", "skills", "words"],
)  # fmt: skip
def test_a_text_without_end_is_read_and_not_refused(find: Finder, text: str) -> None:
    assert find(text).kind in ("other", "job_description")
