"""Grafana's own schema knows every field of the dashboards: what it does not read, it drops without a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard, logs, prometheus, stat, table, timeseries
from infra.observability.boards import BOARDS
from infra.observability.panels import rendered

OPTIONS = {"timeseries": timeseries.Options, "stat": stat.Options, "table": table.Options, "logs": logs.Options}


def dropped(written: Any, model: Any, at: str = "") -> list[str]:
    """What is lost or changed on the way through the model."""
    return list(_differences(written, json.loads(json.dumps(model.from_json(written), cls=JSONEncoder)), at))


def _differences(written: Any, read: Any, at: str) -> Iterator[str]:
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            yield from _differences(value, read.get(name), f"{at}.{name}")
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for value, other in zip(written, read, strict=True):
            yield from _differences(value, other, at)
    elif written != read:
        yield f"{at}: {written!r}"


@pytest.mark.parametrize("name", BOARDS)
def test_nothing_is_dropped(name: str) -> None:
    board = rendered(BOARDS[name])
    found = dropped(board, dashboard.Dashboard)
    for panel in board["panels"]:
        if panel["type"] == "row":
            continue
        found += dropped(panel["options"], OPTIONS[panel["type"]], panel["title"])
        if panel["type"] == "timeseries":
            found += dropped(panel["fieldConfig"]["defaults"]["custom"], timeseries.FieldConfig, panel["title"])
        if panel["datasource"]["type"] == "prometheus":
            found += [
                line for target in panel["targets"] for line in dropped(target, prometheus.Dataquery, panel["title"])
            ]
    assert found == []


def test_a_misspelt_field_is_found() -> None:
    assert dropped({"showThresholdLabel": True}, timeseries.Options) == [".showThresholdLabel: True"]
    assert dropped({"refId": "A", "expression": "up"}, prometheus.Dataquery) == [".expression: 'up'"]
