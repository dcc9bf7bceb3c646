"""What a document is. Facts are kept whatever it is."""

from __future__ import annotations

import pytest

from .conftest import Finder, values

POSTING = (
    "Job title: Payroll Officer\nLocation: Leeds\nSalary: £27,000 per year\n\nDuties\n"
    "- Process the monthly payroll\n- Answer questions on payslips\n\nRequirements\n- Experience with Excel\n"
)
SHORT = (
    "Warehouse Operative\n\nHarbour Logistics is hiring.\n\nYou will\n- load and unload lorries\n"
    "- pick and pack orders\n"
)
RESUME = (
    "Jane Doe\njane@example.com | 0117 496 0000\n\nProfile\nCareful payroll officer with a love of order.\n\nWork "
    "Experience\n\nPayroll Officer, Vale Foods\n"
    "Jan 2019 - Present\n- Processed the payroll for 400 staff\n- Answered questions on payslips\n\nClerk, Alder & "
    "Finch\nMar 2015 - Dec 2018\n- Entered invoices\n\nEducation\nBSc Finance, 2014\n"
)
CV = (
    "CURRICULUM VITAE\nJohn Smith\nPhone: +44 117 496 0000\n\nEducation\n2010 - 2013 University of Leeds\n\n"
    "Employment history\n2013 - 2020 Software Engineer, Kestrel\nBuilt web applications with Python.\n\n"
    "Skills\nPython, SQL\n\nReferences\nOn request\n"
)
PROCEDURE = (
    "Standard Operating Procedure: bank deposits\nVersion 1.2\nOwner: Finance Team\n\nPurpose\n"
    "This procedure describes how cash is banked.\n\nStep 1\n- Count the cash in the till\n"
    "- Enter the total in the deposit book\nStep 2\n- Take the cash to the bank\n"
)
NEWSLETTER = (
    "Company newsletter, issue 12\n\nDear colleagues,\n\n"
    "Welcome to our new Payroll Officer, Jane Doe, who joined us in May.\n"
    "The summer party will be held on 3 July.\nSubscribe on the intranet.\n"
)
POLICY = (
    "Travel policy\n\nThis policy applies to all employees.\n1. Book trains through the portal.\n"
    "2. Keep your receipts.\n3. Claim expenses of up to £50 a day.\n"
)
MINUTES = (
    "Minutes of the meeting of 4 May\n\nAttendees: J. Doe, A. Smith\nAgenda\n1. Budget\n"
    "The Finance Director presented the budget of £2m.\nAction items\n- A. Smith to send the figures\n"
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (POSTING, "job_description"), (SHORT, "job_description"), (RESUME, "resume"), (CV, "resume"), (PROCEDURE,
        "other"), (NEWSLETTER, "other"), (POLICY, "other"), (MINUTES, "other"),
    ],
)  # fmt: skip
def test_kind(find: Finder, text: str, kind: str) -> None:
    assert find(text).kind == kind


def test_a_resume_becomes_no_role_and_keeps_its_facts(find: Finder) -> None:
    found = find(RESUME)
    assert values(found, "role") == []
    assert any(note.code == "KIND_RESUME" for note in found.notes)


def test_facts_are_kept_in_a_document_of_another_kind(find: Finder) -> None:
    found = find("Policy on pay\n\nThis policy applies to all staff.\n\nSalary: £30,000 per year\n")
    assert found.kind == "other"
    assert values(found, "pay")


@pytest.mark.parametrize("text", [".", "x", "1 2 3 4", "Hello"])
def test_next_to_nothing_is_other(find: Finder, text: str) -> None:
    assert find(text).kind == "other"


def test_the_same_document_gives_the_same_facts(find: Finder) -> None:
    assert find(POSTING) == find(POSTING)


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        ("Classification title,Pay grade,Minimum annual salary,Maximum annual salary\nAccountant I,12,41000,58000\n"
         "Accountant II,14,47000,66000\nAuditor,15,50000,70000\n", "csv"),
        ("Grade,Minimum,Midpoint,Maximum\n1,21000,24000,27000\n2,24000,28000,32000\n", "csv"),
        ("<html><body><h1>Salary schedule 2025</h1><table><tr><td>Job title</td><td>Step 1</td><td>Step 2</td></tr>"
         "<tr><td>Clerk</td><td>31,200</td><td>32,400</td></tr><tr><td>Manager</td><td>52,000</td><td>54,000</td></tr>"
         "</table></body></html>", "html"),
        ("Pay scales\n\nGrade 5: £24,000 to £27,000\nGrade 6: £28,000 to £33,000\nGrade 7: £34,000\n", "txt"),
    ],
)  # fmt: skip
def test_a_wage_table_becomes_no_roles_by_itself(find: Finder, content: str, suffix: str) -> None:
    assert find(content, suffix).kind == "other"


def test_a_letter_and_a_review_are_no_postings(find: Finder) -> None:
    letter = "Dear Hiring Manager,\n\nI am writing to apply for the position of Payroll Officer.\n\nYours sincerely\n"
    review = "Performance review\nEmployee: Jane Doe\nJob title: Payroll Officer\n\nGoals\nLearn the new system.\n"
    assert (find(letter).kind, find(review).kind) == ("other", "other")
