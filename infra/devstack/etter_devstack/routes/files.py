"""The committed files that the table renders to: `python -m etter_devstack.routes.files` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from etter_devstack.routes import kubernetes
from etter_devstack.routes.table import Table, load
from etter_devstack.routes.traefik import Certificate, Place, dynamic_config, static_config

TABLE = "infra/ingress/routes.toml"
_HEADER = f"# Rendered from {TABLE} by `make routes`: change it there.\n"
_COMPOSE = "infra/compose/ingress"
_COMPONENTS = "infra/k8s/components"
CERTIFICATE = Certificate("/run/secrets/ingress_certificate", "/run/secrets/ingress_key")
KUBERNETES = {"gateway": kubernetes.gateway, "traefik": kubernetes.traefik, "ingress": kubernetes.ingress}


def rendered(table: Table) -> dict[str, str]:
    """Text by path in the repository."""
    return _compose(table) | _kubernetes(table)


def _compose(table: Table) -> dict[str, str]:
    """Plain HTTP, and TLS with certificate files. A service's replicas are found behind its one name."""
    backends = {name: [f"http://{name}:{kubernetes.PORT}"] for name in table.services}
    files = {}
    for suffix, secure, certificate in (("", None, None), ("-tls", ":8443", CERTIFICATE)):
        place = Place(":8080", secure, ":8082")
        static = static_config(table, place, dynamic=f"/etc/traefik/dynamic{suffix}.yaml")
        dynamic = dynamic_config(table, backends, place=place, certificate=certificate, keeps_connections=False)
        files[f"{_COMPOSE}/traefik{suffix}.yaml"] = _text(static)
        files[f"{_COMPOSE}/dynamic{suffix}.yaml"] = _text(dynamic)
    return files


def _kubernetes(table: Table) -> dict[str, str]:
    files = {}
    component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "resources": ["routes.yaml"]}
    for name, objects in KUBERNETES.items():
        folder = f"{_COMPONENTS}/routes-{name}"
        files[f"{folder}/kustomization.yaml"] = _text(component)
        files[f"{folder}/routes.yaml"] = _text(*objects(table))
    return files


def _text(*documents: Any) -> str:
    return _HEADER + yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """Says everything where it stands: no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - its signature
        return True


def write(root: Path) -> None:
    for path, text in rendered(load(root / TABLE)).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path.cwd())
