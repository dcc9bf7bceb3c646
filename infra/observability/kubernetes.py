"""The rules as objects of the Prometheus operator, for infra/k8s/components/monitoring-rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

RULES: Final = Path(__file__).parent / "prometheus" / "rules"
LEFT_OUT: Final = "etter-monitoring"
"""In a cluster the operator's own rules watch Prometheus, Alertmanager and the rest."""


def prometheus_rules() -> str:
    return "---\n".join(_rendered(path) for path in sorted(RULES.glob("*.yaml")))


def _rendered(path: Path) -> str:
    groups = [g for g in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"] if g["name"] != LEFT_OUT]
    rule: dict[str, Any] = {  # Any: a Kubernetes object
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"etter-{path.stem}", "labels": {"app.kubernetes.io/part-of": "etter"}},
        "spec": {"groups": groups},
    }
    return str(yaml.dump(rule, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True))


class _Dumper(yaml.SafeDumper):
    """Queries of several lines stay so."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
