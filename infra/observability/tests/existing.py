"""The series that exist: what the services declare, what Prometheus adds, what the recording rules make of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import Metric

import etter_auth.metrics
import etter_extraction.metrics
from etter_common import metrics
from etter_common.events import envelope

from .promql import Known, Labels, labels_of

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "infra" / "observability" / "prometheus" / "rules"
DECLARED_IN = (metrics, etter_auth.metrics, etter_extraction.metrics)
"""Imported, so that all metrics are in the registry."""

SCRAPED: Labels = frozenset({"workload", "service", "instance", "job"})
"""What prometheus.yml puts on every series of ours."""
FOREIGN: Known = {
    "up": SCRAPED,
    "ALERTS": frozenset({"alertname", "alertstate", "severity"}),
    "prometheus_rule_evaluation_failures_total": frozenset({"job", "instance", "rule_group"}),
    "prometheus_notifications_errors_total": frozenset({"job", "instance", "alertmanager"}),
    "prometheus_notifications_dropped_total": frozenset({"job", "instance"}),
    "alertmanager_notifications_failed_total": frozenset({"job", "instance", "integration"}),
}
"""Of Prometheus and Alertmanager themselves; `make verify-observability` sees them."""


@cache
def known() -> Known:
    found = {**declared(), **FOREIGN}
    for group in groups():
        for rule in group["rules"]:
            if "record" in rule:
                labels = labels_of(rule["expr"], found) | frozenset(rule.get("labels", {}))
                found[rule["record"]] = found.get(rule["record"], frozenset()) | labels
    return found


@cache
def declared() -> Known:
    """Every series of our own registry by its name in the text format."""
    found: dict[str, Labels] = {}
    collectors: list[Any] = list(metrics.REGISTRY._collector_to_names)  # Any: the parts that a metric keeps to itself
    for collector in collectors:
        if hasattr(collector, "_labelnames"):
            for suffix, more in _SUFFIXES[collector._type]:
                found[collector._name + suffix] = SCRAPED | frozenset(collector._labelnames) | more
    for family in (*_of_requests(), *metrics.REGISTRY.collect()):
        for sample in family.samples:
            found.setdefault(sample.name, SCRAPED | frozenset(sample.labels))
    return found


_SUFFIXES: dict[str, tuple[tuple[str, Labels], ...]] = {
    "counter": (("_total", frozenset()),),
    "gauge": (("", frozenset()),),
    "histogram": (("_bucket", frozenset({"le"})), ("_sum", frozenset()), ("_count", frozenset())),
}


def _of_requests() -> list[Metric]:
    """These are made when they are read; a recorder of our own, so that the process's stays as it is."""
    requests = metrics._Requests()
    for status in (200, 304, 404, 503):
        requests.observe("GET", "/x", status, 0.1)
    requests.observe_queries("/x", 1)
    return list(requests.collect())


@cache
def groups() -> list[dict[str, Any]]:  # Any: rule files as they are written
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yaml"))]
    return [group for content in sorted(files, key=_recording_first) for group in content["groups"]]


def _recording_first(content: dict[str, Any]) -> bool:
    return "alert" in content["groups"][0]["rules"][0]


def alerts() -> list[dict[str, Any]]:
    return [rule for group in groups() for rule in group["rules"] if "alert" in rule]


@cache
def values() -> frozenset[str]:
    """Every word the product's code could put into a label: its string constants, and parts of those it builds."""
    found = {text for path in _sources() for text in _constants(path)}
    of_requests = {value for family in _of_requests() for sample in family.samples for value in sample.labels.values()}
    of_rules = {str(v) for group in groups() for rule in group["rules"] for v in rule.get("labels", {}).values()}
    return frozenset(found | of_requests | of_rules | set(envelope.known_types()))


@cache
def bounds() -> frozenset[str]:
    """Bounds of all histograms as they are written."""
    families = (*_of_requests(), *metrics.REGISTRY.collect())
    of_requests = {sample.labels["le"] for family in families for sample in family.samples if "le" in sample.labels}
    return frozenset(of_requests)


def _sources() -> Iterator[Path]:
    for pattern in ("libs/common/etter_common", "services/*/etter_*", "infra/devstack/etter_devstack"):
        for package in ROOT.glob(pattern):
            yield from package.rglob("*.py")


def _constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60:
            yield node.value
