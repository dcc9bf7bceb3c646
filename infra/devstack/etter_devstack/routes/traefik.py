"""Traefik's form of the table: what it reads once, and its routers, services and middlewares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etter_devstack.routes.table import Route, Table

HEALTH = "ping@internal"
EVERYTHING = "PathPrefix(`/`)"
_NO_ALIASES = {"aliasHeadersStrategy": "delete"}  # X_Forwarded_For is read as X-Forwarded-For by some


@dataclass(frozen=True)
class Place:
    """Where Traefik listens. `inner` is for health checks and metrics and not reachable from outside."""

    web: str
    secure: str | None = None
    inner: str | None = None


@dataclass(frozen=True)
class Certificate:
    """Files in PEM form."""

    certificate: str
    key: str


def static_config(table: Table, place: Place, *, dynamic: str) -> dict[str, Any]:
    """Nothing in it would report to anybody. With `place.secure`, plain HTTP is only sent there."""
    entries = {"web": _entry(table, place.web)}
    if place.secure:
        entries["web"]["http"]["redirections"] = {"entryPoint": {"to": ":443", "scheme": "https"}}
        entries["secure"] = _entry(table, place.secure)
        entries["secure"]["http"] |= {"tls": {}, "middlewares": ["edge@file", "over-tls@file"]}
    config: dict[str, Any] = {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "WARN", "noColor": True},
        "ping": {"manualRouting": True},
        "entryPoints": entries,
        "providers": {"file": {"filename": dynamic, "watch": False}},
    }
    if place.inner:
        entries["inner"] = {"address": place.inner, "http": _NO_ALIASES}
        config["ping"]["entryPoint"] = "inner"  # where `traefik healthcheck` asks
        config["metrics"] = {"prometheus": {"entryPoint": "inner"}}
    return config


def _entry(table: Table, address: str) -> dict[str, Any]:
    limits = table.limits
    entry: dict[str, Any] = {
        "address": address,
        "asDefault": True,
        "http": {
            **_NO_ALIASES,
            "encodedCharacters": {"allowEncodedSlash": False, "allowEncodedBackSlash": False},
            "maxHeaderBytes": limits.max_header_bytes,
            "middlewares": ["edge@file"],
        },
        "transport": {
            "lifeCycle": {"graceTimeOut": "5s"},
            "respondingTimeouts": {
                "readTimeout": f"{limits.read_timeout_s}s",
                "idleTimeout": f"{limits.client_idle_timeout_s}s",
            },
        },
    }
    if table.trusted_balancers:
        entry["forwardedHeaders"] = {"trustedIPs": list(table.trusted_balancers)}
    return entry


def dynamic_config(
    table: Table, backends: Mapping[str, list[str]], *, place: Place, certificate: Certificate | None = None,
    keeps_connections: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """A longer rule wins, so reads win over the rest. `backends`: base URLs by service.

    With `keeps_connections` off each request looks the service up anew, which finds every replica behind its name.
    """
    routers: dict[str, Any] = {
        "health": {"rule": f"Path(`{table.limits.health_path}`)", "service": HEALTH},
        "unrouted": {"rule": EVERYTHING, "priority": 1, "service": "any", "middlewares": ["unrouted", "retry"]},
    }
    if place.inner:
        routers["inner-health"] = {"rule": "Path(`/ping`)", "service": HEALTH, "entryPoints": ["inner"]}
    services: dict[str, Any] = {}
    for name, route in table.services.items():
        everything, reads = rules(table, route)
        routers[name] = {"rule": everything, "service": name, "middlewares": [f"{name}-unreachable"]}
        routers[f"{name}-read"] = {"rule": reads, "service": name, "middlewares": [f"{name}-unreachable", "retry"]}
        services[name] = _balanced(backends[name])
        services[f"not-{name}"] = _speaking([url for other in others(table, name) for url in backends[other]])
    services["any"] = _speaking([url for name in table.services for url in backends[name]])
    transport = {"forwardingTimeouts": timeouts(table)} | ({} if keeps_connections else {"maxIdleConnsPerHost": -1})
    http = {
        "routers": routers,
        "services": services,
        "middlewares": middlewares(table, over_tls=place.secure is not None),
        "serversTransports": {"services": transport},
    }
    return {"http": http} | (_tls(certificate) if certificate else {})


def others(table: Table, name: str) -> list[str]:
    """The services that can speak for one that does not answer."""
    return [other for other in table.services if other != name]


def _balanced(urls: list[str]) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"url": url} for url in urls], "serversTransport": "services"}}


def _speaking(urls: list[str]) -> dict[str, Any]:
    """Those of `urls` that are alive: an answer in the place of a service is not tried again."""
    found = _balanced(urls)
    found["loadBalancer"]["healthCheck"] = {"path": "/health/live", "interval": "2s", "timeout": "2s"}
    return found


def rules(table: Table, route: Route) -> tuple[str, str]:
    """Which requests are a service's, and which of them are tried again."""
    prefixes = [f"PathPrefix(`{prefix}`)" for prefix in route.prefixes]
    everything = " || ".join([*prefixes, *(f"Path(`{path}`)" for path in route.exact)])
    retried = " || ".join(f"Method(`{method}`)" for method in table.retry.methods)
    return everything, f"({everything}) && ({retried})"


def middlewares(table: Table, *, over_tls: bool) -> dict[str, Any]:
    retry = {
        "attempts": table.retry.attempts,
        "initialInterval": f"{table.retry.first_pause_ms}ms",
        "status": ["502"],  # no answer to a request that had gone out: Traefik's own, no service sends it
    }
    edge = {
        "customRequestHeaders": dict.fromkeys(table.headers.drop_from_request, ""),
        "customResponseHeaders": dict.fromkeys(table.headers.drop_from_answer, ""),
    }
    found: dict[str, Any] = {"edge": {"headers": edge}, "retry": {"retry": retry}}
    found["unrouted"] = {"addPrefix": {"prefix": "/ingress/404"}}
    for name in table.services:
        page = {"status": ["502"], "service": f"not-{name}", "query": "/ingress/{status}?url={url}"}
        found[f"{name}-unreachable"] = {"errors": page}
    if over_tls:
        found["over-tls"] = {"headers": {"customResponseHeaders": dict(table.headers.over_tls)}}
    return found


def timeouts(table: Table) -> dict[str, str]:
    return {
        "dialTimeout": f"{table.limits.connect_timeout_s}s",
        "responseHeaderTimeout": f"{table.limits.answer_timeout_s}s",
        "idleConnTimeout": f"{table.limits.service_idle_timeout_s}s",
    }


def _tls(certificate: Certificate) -> dict[str, Any]:
    files = {"certFile": certificate.certificate, "keyFile": certificate.key}
    return {
        "tls": {
            "options": {"default": {"minVersion": "VersionTLS12"}},
            "stores": {"default": {"defaultCertificate": files}},
        }
    }
