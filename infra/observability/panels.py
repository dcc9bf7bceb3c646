"""Grafana's dashboards as plain dictionaries: what a panel asks, in which unit, and what to do about what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["timeseries", "stat", "table", "logs"]
Json = dict[str, Any]  # Any: Grafana's own open structure

PROMETHEUS: Final[Json] = {"type": "prometheus", "uid": "prometheus"}
LOKI: Final[Json] = {"type": "loki", "uid": "loki"}
_COLUMNS: Final = 24


@dataclass(frozen=True)
class Panel:
    """`queries` are PromQL by what a line is called; of logs, LogQL.

    `limit` is a line in a graph; a single figure is red from there on, or below it when `low_is_bad`.
    """

    title: str
    description: str
    queries: dict[str, str]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 8
    height: int = 7
    limit: float | None = None
    low_is_bad: bool = False
    stacked: bool = False
    whole_range: bool = False
    """One figure over the time that is shown, instead of a line."""


@dataclass(frozen=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Json, ...] = field(default=())


def variable(name: str, query: str) -> Json:
    """What a reader chooses by: the values of a label, all of them at first."""
    return {
        "name": name, "type": "query", "datasource": PROMETHEUS, "query": {"query": query, "refId": name},
        "refresh": 2, "includeAll": True, "allValue": ".*", "multi": True, "sort": 1,
        "current": {"text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


def filled(query: str) -> str:
    """With what Grafana puts in place of its variables."""
    return re.sub(r"\$\w+", ".*", query.replace("$__rate_interval", "1m").replace("$__range", "1h"))


def rendered(board: Board) -> Json:
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["etter"],
        "schemaVersion": 41,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "links": [{"title": "Etter", "type": "dashboards", "tags": ["etter"], "asDropdown": True, "keepTime": True}],
        "templating": {"list": list(board.variables)},
        "panels": list(_placed(board.rows)),
    }


def _placed(rows: Iterable[Row]) -> Iterable[Json]:
    """Panels from left to right, each row below the tallest of the one before."""
    number, top = 0, 0
    for row in rows:
        number += 1
        yield {
            "id": number, "type": "row", "title": row.title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
        }  # fmt: skip
        left, line_top, tallest = 0, top + 1, 0
        for panel in row.panels:
            number += 1
            if left + panel.width > _COLUMNS:
                left, line_top, tallest = 0, line_top + tallest, 0
            place = {"x": left, "y": line_top, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            left, tallest = left + panel.width, max(tallest, panel.height)
        top = line_top + tallest


def _panel(panel: Panel) -> Json:
    source = LOKI if panel.kind == "logs" else PROMETHEUS
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": source,
        "targets": [_target(source, number, *query, panel) for number, query in enumerate(panel.queries.items())],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
    }


def _target(source: Json, number: int, legend: str, expr: str, panel: Panel) -> Json:
    target: Json = {"refId": chr(ord("A") + number), "datasource": source, "expr": expr, "legendFormat": legend}
    if panel.kind == "table":
        return {**target, "instant": True, "format": "table"}
    if panel.kind == "stat" and panel.whole_range:
        return {**target, "instant": True}
    return target


def _defaults(panel: Panel) -> Json:
    defaults: Json = {"unit": panel.unit}
    if panel.kind == "timeseries":
        defaults["min"] = 0
        stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
        defaults["custom"] = {"fillOpacity": 15 if panel.stacked else 0, "showPoints": "never", "stacking": stacking}
        if panel.limit is not None:
            defaults["custom"]["thresholdsStyle"] = {"mode": "line"}
            defaults["thresholds"] = _steps("transparent", panel.limit, "red")
    elif panel.limit is not None:
        low, high = ("red", "green") if panel.low_is_bad else ("green", "red")
        defaults["thresholds"] = _steps(low, panel.limit, high)
    else:
        defaults["thresholds"] = _steps("text")
    return defaults


def _steps(first: str, value: float | None = None, then: str = "") -> Json:
    steps: list[Json] = [{"color": first, "value": None}]
    if value is not None:
        steps.append({"color": then, "value": value})
    return {"mode": "absolute", "steps": steps}


def _options(panel: Panel) -> Json:
    if panel.kind == "timeseries":
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    if panel.kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "graphMode": "none"}
    if panel.kind == "logs":
        return {"showTime": True, "wrapLogMessage": True, "sortOrder": "Descending", "enableLogDetails": True}
    return {"showHeader": True}
