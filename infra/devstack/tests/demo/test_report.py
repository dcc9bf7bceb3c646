"""What a person sees of the demonstration."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from etter_devstack.demo.command import documents
from etter_devstack.demo.progress import StepProgress
from etter_devstack.demo.report import MONTHS, SHOWN_ROLES, Report, show
from etter_devstack.servers.process import StartError
from etter_devstack.state import Home

from ..conftest import ROOT

WIDTH = 80


def role(number: int) -> dict[str, Any]:
    return {
        "title": f"Customer Service Advisor {number}", "headcount": 26_000, "etter_score": 75.0,
        "validated_score": None, "hours": 48_880.0, "freed_fte": 1234.5, "cost": "912600.00", "freed_cost": None,
    }  # fmt: skip


@pytest.fixture
def report() -> Report:
    quantiles = {"p5": 4_967.0, "p50": 4_976.0, "p95": 4_984.0}
    money = {"p5": -1.2e7, "p50": 1.3e7, "p95": 2.1e7}
    freed = {"p5": 1_234.0, "p50": 1_345.0, "p95": 1_456.0}
    row = {"heads": quantiles, "released_fte": freed, "salary_cost": money, "net_to_date": money}
    total = {
        "roles": 20, "headcount": 5_000, "etter_score": 75.0, "validated_score": 60.0, "hours": 9.4e6,
        "freed_fte": 560.6, "cost": "179036112.00", "freed_cost": "23648430.33",
    }  # fmt: skip
    return Report(
        company="Brightwater Foods", summary={"currency": "USD", "total": total},
        roles=[role(number) for number in range(20)], simulation_id="s", document_ids=[], extraction_job_id=None,
        simulation=[{"month": month, **row} for month in MONTHS], corrected_fact_id=None, validated_workflow_id=None,
        seconds=4.2,
    )  # fmt: skip


def shown(report: Report) -> str:
    console = Console(file=io.StringIO(), width=WIDTH)
    show(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class TestShow:
    def test_nothing_of_the_demo_company_is_cut_at_80_columns(self, report: Report) -> None:
        assert "…" not in shown(report).replace(f"… and {20 - SHOWN_ROLES} more", "")

    def test_figures_as_people_write_them(self, report: Report) -> None:
        text = shown(report)
        for figure in ("26,000", "75.0", "1,234.5", "179.04", "4,967 4,976 4,984", "-12.0 13.0 21.0", "–"):
            assert figure in text

    def test_every_month_has_its_line(self, report: Report) -> None:
        starts = [line.split()[0] for line in shown(report).splitlines() if "4,967" in line]
        assert starts == [str(month) for month in MONTHS]


class TestStepProgress:
    def test_without_a_terminal_each_step_is_told_once_at_its_end(self) -> None:
        console = Console(file=io.StringIO(), width=WIDTH)
        with StepProgress(console) as say:
            say("Upload", 0.5, "one")
            say("Upload", 1, "two documents")
            say("Upload", 1, "again")
        assert isinstance(console.file, io.StringIO)
        assert console.file.getvalue() == "✓ Upload     two documents\n"


class TestDocuments:
    def test_the_example_company_has_its_kinds(self) -> None:
        assert {path.suffix for path in documents(ROOT)} >= {".pdf", ".docx", ".xlsx", ".html", ".txt", ".csv"}

    def test_none_is_told(self, home: Home) -> None:
        with pytest.raises(StartError, match="no example documents"):
            documents(home.folder)
