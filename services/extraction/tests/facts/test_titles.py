"""Titles: by field, by layout, by sentence; levels kept, nothing invented."""

from __future__ import annotations

import pytest

from etter_extraction.facts.titles import is_plausible, tidy

from .conftest import Finder, values

_BODY = (
    "Duties\n- Process the monthly payroll for the staff\n- Answer questions on payslips\n"
    "- Prepare the journals for finance\n\nRequirements\n- Experience with payroll software\n"
)
_LIST = "<h2>Duties</h2><ul><li>Process the monthly payroll</li><li>Answer questions on payslips</li></ul>"


@pytest.mark.parametrize(
    "label",
    ["Job title", "Position", "Position title", "Title", "Role", "Post", "Working Title", "JOB TITLE", "Vacancy"],
)
def test_a_field_gives_the_title(find: Finder, label: str) -> None:
    assert values(find(f"{label}: Senior Payroll Officer\nLocation: Leeds\n\n{_BODY}"), "title") == [
        "Senior Payroll Officer"
    ]


def test_a_label_and_its_value_in_two_lines_or_cells(find: Finder) -> None:
    assert values(find(f"JOB TITLE:\nPayroll Officer\nDEPARTMENT:\nFinance\n\n{_BODY}"), "title") == ["Payroll Officer"]
    rows = (("Job title", "Payroll Officer"), ("Reports to", "Head of Finance"))
    table = f"<table>{''.join(f'<tr><td>{label}</td><td>{value}</td></tr>' for label, value in rows)}</table>"
    found = find(
        f"<html><body>{table}<h2>Duties</h2><ul><li>Process the monthly payroll</li><li>Answer questions on "
        "payslips</li></ul></body></html>",
        "html",
    )
    assert (values(found, "title"), values(found, "manager")) == (["Payroll Officer"], ["Head of Finance"])


@pytest.mark.parametrize(
    "title",
    [
        "Payroll Officer",
        "Senior Data Engineer",
        "Head of Estates",
        "Nurse Practitioner (Level 2)",
        "Software Engineer III",
        "Curator, Fossil Plants",
        "Kitchen Porter",
    ],
)
def test_the_most_prominent_line_that_names_a_job(find: Finder, title: str) -> None:
    page = f"<html><body><p>Northgate Museum</p><h1>{title}</h1><p>Leeds</p>{_LIST}</body></html>"
    assert values(find(page, "html"), "title") == [title]


@pytest.mark.parametrize(
    ("sentence", "title"),
    [
        (
            "Northgate Museum is looking for a talented and experienced Payroll Officer to join its team in Leeds.",
            "Payroll Officer",
        ),
        ("We are seeking a Senior Data Engineer for our office in Berlin.", "Senior Data Engineer"),
        ("Applications are invited for the position of Collections Manager at the museum.", "Collections Manager"),
        ("As a Facilities Coordinator you keep both buildings running.", "Facilities Coordinator"),
    ],
)
def test_a_sentence_names_the_title_where_no_line_does(find: Finder, sentence: str, title: str) -> None:
    assert values(find(f"About the role\n\n{sentence}\n\n{_BODY}"), "title") == [title]


def test_a_title_is_never_invented(find: Finder) -> None:
    found = find(_BODY, name="4711")
    assert values(found, "title") == []
    assert any(note.code == "TITLE_MISSING" for note in found.notes)


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Job Description: Payroll Officer", "Payroll Officer"),
        ("Payroll Officer - Job Description", "Payroll Officer"),
        ("Collection Manager - 230215", "Collection Manager"),
        ("Collection Manager - Job Number: 230215", "Collection Manager"),
        ("Entwickler (m/w/d)", "Entwickler"),
        ("Payroll Officer | Careers at Acme", "Payroll Officer"),
        ("Senior SRE (L3)", "Senior SRE (L3)"),
        ("Engineer II", "Engineer II"),
    ],
)  # fmt: skip
def test_tidy_keeps_the_name_and_the_level(raw: str, title: str) -> None:
    assert tidy(raw) == title


@pytest.mark.parametrize(
    "text", ["Job Description", "Careers", "12 26,400", "mail@example.com", "We are hiring.", "Page 2", "Vacancies", ""]
)
def test_what_is_no_title(text: str) -> None:
    assert not is_plausible(text)


def test_a_row_of_a_table_is_no_title(find: Finder) -> None:
    rows = "".join(
        f"<tr><td>{a}</td><td>{b}</td><td>{c}</td></tr>"
        for a, b, c in (("Catering", "12", "26,400"), ("Security", "9", "25,100"))
    )
    found = find(f"<html><body><p>Monthly figures</p><table>{rows}</table></body></html>", "html")
    assert not [one for one in found.facts if one.type == "title" and any(char.isdigit() for char in str(one.value))]


def test_fields_that_a_reader_joined_are_parted(find: Finder) -> None:
    found = find(f"Stellenbezeichnung: Sachbearbeiter Einkauf (m/w/d) Standort: Ulm\n\n{_BODY}")
    assert (values(found, "title"), values(found, "location")) == (["Sachbearbeiter Einkauf"], ["Ulm"])
