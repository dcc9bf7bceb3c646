"""What is written from code: the dashboards' JSON and the rules' Kubernetes objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from infra.observability.boards import BOARDS
from infra.observability.kubernetes import prometheus_rules
from infra.observability.panels import rendered

ROOT: Final = Path(__file__).resolve().parents[2]
DASHBOARDS: Final = ROOT / "infra" / "observability" / "grafana" / "dashboards"
K8S_RULES: Final = ROOT / "infra" / "k8s" / "components" / "monitoring-rules" / "prometheus-rules.yaml"


def files() -> dict[Path, str]:
    found = {
        DASHBOARDS / f"{name}.json": json.dumps(rendered(board), indent=2, ensure_ascii=False) + "\n"
        for name, board in BOARDS.items()
    }
    found[K8S_RULES] = prometheus_rules()
    return found
