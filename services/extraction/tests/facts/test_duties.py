"""Tasks: list items in any case, prose, sub-headings, shares of time, tables."""

from __future__ import annotations

import io

import docx
import pytest

from etter_extraction.facts.duties import split_share

from .conftest import Finder, values

_TASKS = [
    "plan the weekly maintenance rounds for both buildings",
    "order cleaning and kitchen supplies",
    "keep the register of contractors and their permits",
    "handle room bookings and visitor passes",
    "report faults to the landlord",
]


def _word(heading: str, tasks: list[str], style: str) -> bytes:
    document = docx.Document()
    document.add_heading("Facilities Coordinator", 1)
    document.add_heading(heading, 2)
    for task in tasks:
        document.add_paragraph(task, style=style)
    document.add_heading("Skills", 2)
    document.add_paragraph("Excel", style=style)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("style", ["List Bullet", "List Number", "List Bullet 2"])
@pytest.mark.parametrize("heading", ["Duties", "What you will do"])
def test_each_word_list_paragraph_is_a_task_also_in_lower_case(find: Finder, style: str, heading: str) -> None:
    assert values(find(_word(heading, _TASKS, style), "docx"), "task") == _TASKS


@pytest.mark.parametrize("mark", ["-", "•", "*", "1.", "–"])
def test_each_marked_line_of_a_text_is_a_task(find: Finder, mark: str) -> None:
    lines = "\n".join(f"{mark} {task}" for task in _TASKS)
    found = find(f"Job title: Facilities Coordinator\n\nDuties\n{lines}\n\nSkills\n{mark} Excel\n")
    assert values(found, "task") == _TASKS


def test_each_item_of_a_web_page_is_a_task(find: Finder) -> None:
    items = "".join(f"<li>{task}</li>" for task in _TASKS)
    found = find(
        f"<html><body><h1>Facilities Coordinator</h1><h2>Your tasks</h2><ul>{items}</ul></body></html>", "html"
    )
    assert values(found, "task") == _TASKS


def test_duties_without_any_heading_are_found(find: Finder) -> None:
    found = find(
        "Payroll Officer\n\nNorthgate Museum is looking for a Payroll Officer.\n\n"
        "- Process the monthly payroll for four hundred staff.\n- Answer questions on payslips and deductions.\n"
        "- Prepare the payroll journals for finance.\n\nWe offer 28 days of holiday and a pension scheme.\n"
    )
    assert len(values(found, "task")) == 3


def test_duties_in_prose_are_found_sentence_by_sentence(find: Finder) -> None:
    found = find(
        "Job title: Museum Technician\n\nResponsibilities\n\nThe technician prepares objects for loans and "
        "exhibitions. "
        "The technician monitors the climate in the stores and reports changes. The technician keeps the location "
        "records up to date.\n"
    )
    assert len(values(found, "task")) == 3


def test_sub_headings_become_workloads(find: Finder) -> None:
    found = find(
        "# Lab Manager\n\n## Responsibilities\n\n### Laboratory (60%)\n\n- Prepare samples for sequencing\n- Order "
        "reagents and supplies\n\n"
        "### Collections (40%)\n\n- Digitise the records of the collection\n- Prepare specimens for exhibitions\n"
    )
    groups = {one.value: one.group for one in found.facts if one.type == "task"}
    assert groups["Prepare samples for sequencing"] == "Laboratory"
    assert groups["Prepare specimens for exhibitions"] == "Collections"


@pytest.mark.parametrize(
    ("text", "statement", "share"),
    [
        ("60% Enter invoices into the ledger.", "Enter invoices into the ledger.", 0.6),
        ("Advise managers on their budgets (40 %)", "Advise managers on their budgets", 0.4),
        ("15% of time: Train new colleagues", "Train new colleagues", 0.15),
        ("Approximately 25% - Write reports", "Write reports", 0.25),
        ("Keep the records – 12.5%", "Keep the records", 0.125),
        ("Spends 75 % of the time on site visits", "Spends 75 % of the time on site visits", 0.75),
        ("Reduce waste in the kitchen", "Reduce waste in the kitchen", None),
    ],
)
def test_shares_of_time(text: str, statement: str, share: float | None) -> None:
    found, own, _, _ = split_share(text)
    assert (found, own) == (statement, share)


def test_shares_over_the_whole_time_are_flagged(find: Finder) -> None:
    found = find(
        "Job title: Clerk\nDuties\n- 80% Enter invoices into the ledger\n- 70% Advise managers on their budgets\n"
    )
    tasks = [one for one in found.facts if one.type == "task"]
    assert all("TIME_SHARES_OVER_WHOLE" in one.flags for one in tasks)
    assert any(note.code == "TIME_SHARES_OVER_WHOLE" for note in found.notes)


def test_benefits_and_law_are_no_tasks(find: Finder) -> None:
    found = find(
        "Job title: Clerk\n\nDuties\n- Enter invoices into the ledger\n- Advise managers on their "
        "budgets\n\nBenefits\n- Private medical insurance\n"
        "- Paid parental leave\n\nEqual opportunity\nWe do not discriminate on the basis of race, religion or "
        "gender.\n\nHow to apply\nSend your CV to us.\n"
    )
    assert values(found, "task") == ["Enter invoices into the ledger", "Advise managers on their budgets"]


def test_a_table_of_tasks_gives_shares_by_hours_and_workloads(find: Finder) -> None:
    found = find(
        "Area,Task,Hours per week\nOffice,Answer the telephone calls,30\n,Sort the incoming mail,10\nTotal,,40\n",
        "csv",
        "clerk task list",
    )
    tasks = [(one.value, one.group, one.time_share) for one in found.facts if one.type == "task"]
    assert tasks == [("Answer the telephone calls", "Office", 0.75), ("Sort the incoming mail", "Office", 0.25)]
    (title,) = [one for one in found.facts if one.type == "title"]
    assert (title.value, title.flags) == ("Clerk", ["TITLE_UNUSUAL"])
