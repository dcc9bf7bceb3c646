"""What the main job came to, as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from etter_devstack.demo.client import Json

MONTHS = (12, 36, 60, 120)
SHOWN_ROLES = 15


@dataclass(frozen=True)
class Report:
    """Figures as the API gave them; nothing is computed here."""

    company: str
    summary: Json
    roles: Sequence[Json]
    simulation_id: str
    simulation: Sequence[Json]
    document_ids: Sequence[str]
    extraction_job_id: str | None
    corrected_fact_id: str | None
    validated_workflow_id: str | None
    seconds: float

    def as_json(self) -> Json:
        return asdict(self)


def show(report: Report, console: Console) -> None:
    console.print(_roles(report))
    console.print("Scores 0..100. FTE- and Cost-: what the exposed time could free.", style="dim")
    console.print(_simulation(report))


def _roles(report: Report) -> Table:
    total, currency = report.summary["total"], report.summary["currency"]
    table = _table(f"{report.company}: where AI changes the work (money in million {currency} a year)")
    table.show_footer = True
    table.add_column("Role", footer=f"{total['roles']} roles")  # the only one that may wrap
    for name, footer in (
        ("People", _number(total["headcount"])),
        ("Score", _number(total["etter_score"], 1)),
        ("Valid.", _number(total["validated_score"], 1)),
        ("Hours/k", _thousands(total["hours"])),
        ("FTE-", _number(total["freed_fte"], 1)),
        ("Cost", _millions(total["cost"])),
        ("Cost-", _millions(total["freed_cost"])),
    ):
        table.add_column(name, footer=footer, justify="right", no_wrap=True)
    for entry in report.roles[:SHOWN_ROLES]:
        table.add_row(
            entry["title"], _number(entry["headcount"]), _number(entry["etter_score"], 1),
            _number(entry["validated_score"], 1), _thousands(entry["hours"]), _number(entry["freed_fte"], 1),
            _millions(entry["cost"]), _millions(entry["freed_cost"]),
        )  # fmt: skip
    if len(report.roles) > SHOWN_ROLES:
        table.add_row(f"… and {len(report.roles) - SHOWN_ROLES} more")
    return table


def _simulation(report: Report) -> Table:
    currency = report.summary["currency"]
    table = _table(f"The company played forward: p5 p50 p95 (money in million {currency})")
    for name in ("Month", "People", "FTE-", "Salaries/month", "Net to date"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report.simulation:
        table.add_row(
            str(row["month"]), _quantiles(row["heads"], _number), _quantiles(row["released_fte"], _number),
            _quantiles(row["salary_cost"], _tenths), _quantiles(row["net_to_date"], _tenths),
        )  # fmt: skip
    return table


def _table(title: str) -> Table:
    """Narrow enough for 80 columns."""
    return Table(
        title=title, title_style="bold", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )


def _quantiles(figure: Mapping[str, float | None], written: Callable[[float | None], str]) -> str:
    return " ".join(written(figure[name]) for name in ("p5", "p50", "p95"))


def _number(value: float | str | None, digits: int = 0) -> str:
    """Money comes as text, so that no digit is lost."""
    return "–" if value is None else f"{float(value):,.{digits}f}"


def _thousands(value: float) -> str:
    return _number(value / 1000)


def _millions(value: float | str | None, digits: int = 2) -> str:
    return "–" if value is None else _number(float(value) / 1_000_000, digits)


def _tenths(value: float | None) -> str:
    return _millions(value, 1)
