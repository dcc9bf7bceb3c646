"""Totals of the dashboard, folded from the grouped rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from etter_common import fieldsets
from etter_common.context import Context
from etter_common.events.contracts.simulation import RunCompleted
from etter_common.events.envelope import Event
from etter_common.fieldsets import FieldsQuery
from etter_common.responses import encode_data, encode_page
from etter_core.chro.repository import BANDS, DECIMALS, DashboardRepository, OutlookRepository
from etter_core.chro.schemas import DashboardQuery, Summary
from etter_core.scores.scoring import PRODUCTIVE_HOURS

Row = Mapping[str, Any]


async def list_entries(ctx: Context, query: DashboardQuery) -> bytes:
    return encode_page(await DashboardRepository(ctx).list_page(query))


async def summarise(ctx: Context, query: FieldsQuery) -> bytes:
    """`Summary` as bytes."""
    tree = fieldsets.parse(query.fields, Summary)
    currency, rows = await DashboardRepository(ctx).summary()
    departments = list(dict.fromkeys(row["department"] for row in rows))
    summary = {
        "currency": currency,
        "other_currencies": sorted({row["currency"] for row in rows if row["currency"] != currency}),
        "total": _totals(rows, currency),
        "departments": [
            {"department": name, **_totals([r for r in rows if r["department"] == name], currency)}
            for name in departments
        ],
        "impact_classes": _impact_classes(rows),
        "distribution": [_band(rows, number) for number in range(BANDS)],
    }
    return encode_data(summary, tree)


async def keep_outlook(ctx: Context, event: Event, run: RunCompleted) -> None:
    """Remember the newest simulation of each role."""
    months: dict[Any, list[dict[str, Any]]] = {}
    for line in run.outlook:
        if line.role_id is not None:
            months.setdefault(line.role_id, []).append(line.model_dump(mode="json", exclude={"role_id", "title"}))
    rows = [
        {
            "role_id": role_id,
            "simulation_id": run.simulation_id,
            "simulation_name": run.name,
            "automation_factor": run.automation_factor,
            "months": lines,
            "simulated_at": event.occurred_at,
        }
        for role_id, lines in months.items()
    ]
    await OutlookRepository(ctx).keep_newest(rows)


def _totals(rows: Sequence[Row], currency: str) -> dict[str, Any]:
    own = [row for row in rows if row["currency"] == currency]
    headcount = _sum(rows, "headcount")
    freed_fte = round(float(_sum(rows, "freed_fte")), DECIMALS)
    return {
        "roles": _sum(rows, "roles"),
        "scored_roles": _sum(rows, "scored_roles"),
        "validated_roles": _sum(rows, "validated_roles"),
        "headcount": headcount,
        "scored_headcount": _sum(rows, "scored_headcount"),
        "hours": float(headcount * PRODUCTIVE_HOURS),
        "freed_hours": round(freed_fte * PRODUCTIVE_HOURS, DECIMALS),
        "freed_fte": freed_fte,
        "cost": Decimal(_sum(own, "cost")),
        "freed_cost": Decimal(_sum(own, "freed_cost")),
        "etter_score": _mean(rows, "etter_points", "scored_headcount"),
        "validated_score": _mean(rows, "validated_points", "validated_headcount"),
    }


def _impact_classes(rows: Sequence[Row]) -> list[dict[str, Any]]:
    scored = float(_sum(rows, "scored_headcount"))
    automate, augment = float(_sum(rows, "automate_fte")), float(_sum(rows, "augment_fte"))
    by_class = {"automate": automate, "augment": augment, "human": max(scored - automate - augment, 0.0)}
    return [
        {"impact_class": name, "hours": fte * PRODUCTIVE_HOURS, "share": fte / scored if scored else 0.0}
        for name, fte in by_class.items()
    ]


def _band(rows: Iterable[Row], number: int) -> dict[str, int]:
    width = 100 // BANDS
    inside = [row for row in rows if row["band"] is not None and int(row["band"]) == number]
    return {
        "low": number * width,
        "high": (number + 1) * width,
        "roles": _sum(inside, "roles"),
        "headcount": _sum(inside, "headcount"),
    }


def _mean(rows: Sequence[Row], points: str, people: str) -> float | None:
    weight = _sum(rows, people)
    return float(_sum(rows, points)) / float(weight) if weight else None


def _sum(rows: Iterable[Row], name: str) -> Any:
    return sum(row[name] or 0 for row in rows)
