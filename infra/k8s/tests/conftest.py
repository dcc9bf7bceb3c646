"""The manifests as they are written; what kustomize makes of them is `make verify-k8s`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

K8S = Path(__file__).resolve().parents[1]
SERVICES = ("auth", "core", "extraction", "simulation")
OVERLAYS = tuple(sorted(folder.name for folder in (K8S / "overlays").iterdir()))


def objects(path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((K8S / path).read_text(encoding="utf-8")))


def deployment(path: str) -> dict[str, Any]:
    """The pod of the one Deployment in a file."""
    found = [one for one in objects(path) if one.get("kind") == "Deployment"]
    pod: dict[str, Any] = found[0]["spec"]["template"]["spec"]
    return pod


def variables(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
