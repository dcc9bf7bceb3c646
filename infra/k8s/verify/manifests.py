"""`make verify-k8s`: renders every overlay, and every component on the base, and holds the results against schemas.

Kubernetes' own kinds by kubernetes-validate, custom resources by the schemas of @kubernetes-models, what has to fit
together by references.py, security by checkov. Nothing is asked over the network and no cluster is needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

import references
from references import Object

HERE = Path(__file__).resolve().parent
K8S = HERE.parent
TOOLS = Path(sys.executable).parent
KUBERNETES = "1.37"

EVERYWHERE = {
    "CKV_K8S_11": "no CPU limits: throttling stops an event loop for the rest of a 100 ms period, which is latency; "
    "requests share the cores out when they are scarce",
    "CKV_K8S_15": "Always asks the registry at every start, so an outage there stops restarts; digests and the tags of "
    "releases never move",
}
BY_TAG = {"CKV_K8S_43": "tags where it is tried out; production names digests"}
SKIPPED = {
    "dev": EVERYWHERE | BY_TAG | {"CKV_K8S_40": "the official PostgreSQL image's own user is 999"},
    "staging": EVERYWHERE | BY_TAG,
    "prod": EVERYWHERE,
}


def render(folder: Path) -> str:
    return subprocess.run([TOOLS / "kubectl", "kustomize", folder], check=True, capture_output=True, text=True).stdout


def on_base(component: Path, scratch: Path) -> str:
    """One component by itself on the base."""
    folder = scratch / component.name
    folder.mkdir()
    paths = {name: os.path.relpath(path, folder.resolve()) for name, path in (("b", K8S / "base"), ("c", component))}
    (folder / "kustomization.yaml").write_text(f"resources: [{paths['b']}]\ncomponents: [{paths['c']}]\n")
    return render(folder)


def core_complaints(objects: list[Object]) -> tuple[list[str], list[Object]]:
    """What is wrong with Kubernetes' own kinds, and the objects of other kinds."""
    wrong, others = [], []
    for found in objects:
        try:
            kubernetes_validate.validate(found, KUBERNETES, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            others.append(found)
        except kubernetes_validate.ValidationError as error:
            wrong.append(f"{found['kind']}/{found['metadata']['name']}: {error.message}")
    return wrong, others


def custom_complaints(objects: list[Object], modules: Path) -> list[str]:
    if not objects:
        return []
    asked = subprocess.run(
        ["node", HERE / "custom.cjs"], input=json.dumps(objects), cwd=modules,
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [f"{name}: {said}" for name, said in json.loads(asked.stdout) if said]


def checkov(name: str, rendered: Path) -> dict[str, Any]:
    """checkov's report; it is told to download nothing."""
    done = subprocess.run(
        [
            TOOLS / "checkov", "--file", rendered, "--framework", "kubernetes", "--compact", "--quiet",
            "--output", "json", "--skip-download", "--skip-check", ",".join(SKIPPED[name]),
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if not done.stdout.strip():
        raise SystemExit(f"checkov said nothing:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def main() -> int:
    modules = Path(sys.argv[1]).resolve()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        for folder in sorted((K8S / "overlays").iterdir()):
            text = render(folder)
            (scratch / f"{folder.name}.yaml").write_text(text)
            wrong += judged(f"overlay {folder.name}", text, modules, whole=True)
            report = checkov(folder.name, scratch / f"{folder.name}.yaml")
            wrong += [f"{folder.name}: {c['check_id']} {c['check_name']}: {c['resource']}"
                      for c in report["results"]["failed_checks"]]  # fmt: skip
            said = report["summary"]
            print(f"  checkov: {said['passed']} passed, {said['failed']} failed, {len(SKIPPED[folder.name])} not asked")
        for component in sorted((K8S / "components").iterdir()):
            wrong += judged(f"component {component.name}", on_base(component, scratch), modules, whole=False)
    for name in sorted({check for skipped in SKIPPED.values() for check in skipped}):
        where = [overlay for overlay, skipped in SKIPPED.items() if name in skipped]
        print(f"not asked in {', '.join(where)}: {name}: {SKIPPED[where[0]][name]}")
    print("\n".join(f"WRONG {line}" for line in wrong) or "all fits")
    return 1 if wrong else 0


def judged(title: str, text: str, modules: Path, *, whole: bool) -> list[str]:
    """What is wrong with one rendering; one that is not `whole` lacks what other components bring."""
    objects = [found for found in yaml.safe_load_all(text) if found]
    wrong, others = core_complaints(objects)
    wrong += custom_complaints(others, modules)
    if whole and not wrong:
        wrong += references.complaints(objects)
    kinds = Counter(found["kind"] for found in objects)
    print(f"{title}: {len(objects)} objects ({len(others)} custom), {len(wrong)} wrong")
    if whole:
        print("  " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    return [f"{title}: {line}" for line in wrong]


if __name__ == "__main__":
    sys.exit(main())
