"""What the main job came to, as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

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
    console.print(_simulation(report))


def _roles(report: Report) -> Table:
    total, currency = report.summary["total"], report.summary["currency"]
    table = Table(title=f"{report.company}: where AI changes the work", title_style="bold", show_footer=True)
    table.add_column("Role", footer=f"{total['roles']} roles")
    for name, footer in (
        ("People", _number(total["headcount"])),
        ("Etter score", _number(total["etter_score"], 1)),
        ("Validated", _number(total["validated_score"], 1)),
        ("Hours/year", _number(total["hours"])),
        ("Freed FTE", _number(total["freed_fte"], 1)),
        (f"Cost {currency}/year", _number(total["cost"])),
        ("Freed cost", _number(total["freed_cost"])),
    ):
        table.add_column(name, footer=footer, justify="right")
    for entry in report.roles[:SHOWN_ROLES]:
        table.add_row(
            entry["title"], _number(entry["headcount"]), _number(entry["etter_score"], 1),
            _number(entry["validated_score"], 1), _number(entry["hours"]), _number(entry["freed_fte"], 1),
            _number(entry["cost"]), _number(entry["freed_cost"]),
        )  # fmt: skip
    if len(report.roles) > SHOWN_ROLES:
        table.add_row(f"… and {len(report.roles) - SHOWN_ROLES} more")
    return table


def _simulation(report: Report) -> Table:
    currency = report.summary["currency"]
    table = Table(title="The company played forward: p5 / p50 / p95 over all iterations", title_style="bold")
    table.add_column("Month", justify="right")
    for name in ("People", "Freed FTE", f"Salaries {currency}/month", f"Net to date {currency}"):
        table.add_column(name, justify="right")
    for row in report.simulation:
        figures = (row[name] for name in ("heads", "released_fte", "salary_cost", "net_to_date"))
        table.add_row(str(row["month"]), *(_quantiles(figure) for figure in figures))
    return table


def _quantiles(figure: Mapping[str, float | None]) -> str:
    return " / ".join(_number(figure[name]) for name in ("p5", "p50", "p95"))


def _number(value: float | str | None, digits: int = 0) -> str:
    """Money comes as text, so that no digit is lost."""
    return "–" if value is None else f"{float(value):,.{digits}f}"
