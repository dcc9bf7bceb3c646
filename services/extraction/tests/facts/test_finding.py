"""A posting from end to end, and the models' files."""

from __future__ import annotations

import hashlib
import json

import pytest

from etter_extraction.facts.lexicon import MODELS

from .conftest import Finder, values

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


def test_posting_gives_title_pay_and_tasks_with_places(find: Finder) -> None:
    found = find(_POSTING)
    assert found.kind == "job_description"
    assert values(found, "title") == ["Payroll Analyst"]
    assert values(found, "location") == ["Leeds"]
    assert values(found, "pay") == [{"low": 52000.0, "high": 61000.0, "currency": "USD", "period": "year"}]
    assert [(one.value, one.time_share) for one in found.facts if one.type == "task"] == [
        ("Prepare the monthly payroll for all sites", 0.6),
        ("Train new colleagues in the team", 0.4),
    ]


def test_a_sheet_of_people_is_headcount(find: Finder) -> None:
    found = find(
        "Job title,Department,Headcount,Annual salary (GBP)\nPicker,Warehouse,12,24500\nBuyer,Supply,3,36000\n", "csv"
    )
    assert found.kind == "headcount"
    assert [value["title"] for value in values(found, "role") if isinstance(value, dict)] == ["Picker", "Buyer"]


def test_a_sheet_of_anything_else_is_other(find: Finder) -> None:
    found = find("City,Rain\nLeeds,12\nYork,8\n", "csv")
    assert (found.kind, found.facts) == ("other", [])
    assert found.notes


@pytest.mark.parametrize("name", sorted(json.loads((MODELS / "versions.json").read_bytes())))
def test_each_model_is_the_one_that_was_trained(name: str) -> None:
    expected = json.loads((MODELS / "versions.json").read_bytes())[name]["sha256"]
    assert hashlib.sha256((MODELS / name).read_bytes()).hexdigest() == expected


def test_there_is_no_model_without_a_version() -> None:
    known = {*json.loads((MODELS / "versions.json").read_bytes()), "versions.json", "README.md"}
    assert {path.name for path in MODELS.iterdir()} <= known
