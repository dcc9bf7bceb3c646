"""The table as Kubernetes objects, in three forms: Gateway API, Traefik's own kinds, and a plain Ingress.

An Ingress can say no more than where a path goes. Gateway API says everything in standard fields, for controllers that
heed them; Traefik's kinds say it to Traefik, which reads neither retries nor timeouts from an HTTPRoute.
"""

from __future__ import annotations

from typing import Any

from etter_devstack.routes.table import Route, Table
from etter_devstack.routes.traefik import EVERYTHING, middlewares, others, rules, timeouts

Objects = list[dict[str, Any]]
PORT = 8000
CERTIFICATE = "etter-tls"
_GATEWAY = "etter"


def gateway(table: Table) -> Objects:
    listeners: list[dict[str, Any]] = [
        {"name": "http", "port": 80, "protocol": "HTTP"},
        {
            "name": "https",
            "port": 443,
            "protocol": "HTTPS",
            "tls": {"mode": "Terminate", "certificateRefs": [{"name": CERTIFICATE}]},
        },
    ]
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    spec = {"gatewayClassName": "traefik", "listeners": listeners}
    return [
        _object("gateway.networking.k8s.io/v1", "Gateway", _GATEWAY, spec),
        _http_route("https-only", "http", [{"filters": [redirect]}]),
        *(_http_route(name, "https", _rules(table, name, route)) for name, route in table.services.items()),
    ]


def _http_route(name: str, listener: str, rules: Objects) -> dict[str, Any]:
    parent = {"name": _GATEWAY, "sectionName": listener}
    return _object("gateway.networking.k8s.io/v1", "HTTPRoute", name, {"parentRefs": [parent], "rules": rules})


def _rules(table: Table, name: str, route: Route) -> Objects:
    """A match with a method wins over the same path without one.

    These timeouts span a whole answer, and a read may be a stream of events without an end: only what is no read has
    one, long enough for the slowest upload.
    """
    paths = [{"path": {"type": "PathPrefix", "value": prefix}} for prefix in route.prefixes]
    paths += [{"path": {"type": "Exact", "value": path}} for path in route.exact]
    reads = [{**path, "method": method} for path in paths for method in table.retry.methods]
    everything = {"filters": _filters(table), "backendRefs": [{"name": name, "port": PORT}]}
    again = {"attempts": table.retry.attempts - 1, "backoff": f"{table.retry.first_pause_ms}ms"}
    longest = table.limits.read_timeout_s + table.limits.answer_timeout_s
    return [
        {"matches": reads, **everything, "timeouts": {"request": "0s"}, "retry": again},
        {"matches": paths, **everything, "timeouts": {"request": f"{longest}s"}},
    ]


def _filters(table: Table) -> Objects:
    headers = table.headers
    added = [{"name": name, "value": value} for name, value in headers.over_tls.items()]
    answer = {"remove": list(headers.drop_from_answer), "set": added}
    return [
        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": list(headers.drop_from_request)}},
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": answer},
    ]


def traefik(table: Table) -> Objects:
    """The same rules as in its files."""
    kinds = [
        _object("traefik.io/v1alpha1", "Middleware", name, _as_object(spec))
        for name, spec in (middlewares(table, over_tls=True) | _HTTPS_ONLY).items()
    ]
    speakers = [
        _object("traefik.io/v1alpha1", "TraefikService", f"not-{name}", {"weighted": {"services": found}})
        for name in table.services
        for found in [[{**_service(other), "weight": 1} for other in others(table, name)]]
    ]
    unrouted = _traefik_route(
        EVERYTHING, [_service(name) for name in table.services], "edge", "over-tls", "unrouted", "retry"
    )
    transport = {"forwardingTimeouts": timeouts(table)}
    routes = [part for name, route in table.services.items() for part in _traefik_routes(table, name, route)]
    nothing = {"kind": "TraefikService", "name": "noop@internal"}
    redirect = _traefik_route(EVERYTHING, [nothing], "https-only")
    secure = {
        "entryPoints": ["websecure"],
        "routes": [*routes, {**unrouted, "priority": 1}],
        "tls": {"secretName": CERTIFICATE},
    }
    return [
        *kinds,
        *speakers,
        _object("traefik.io/v1alpha1", "ServersTransport", "services", transport),
        _object("traefik.io/v1alpha1", "IngressRoute", "https-only", {"entryPoints": ["web"], "routes": [redirect]}),
        _object("traefik.io/v1alpha1", "IngressRoute", "etter", secure),
    ]


_HTTPS_ONLY = {"https-only": {"redirectScheme": {"scheme": "https", "permanent": True}}}


def _traefik_routes(table: Table, name: str, route: Route) -> Objects:
    everything, reads = rules(table, route)
    around = ("edge", "over-tls", f"{name}-unreachable")
    return [
        _traefik_route(everything, [_service(name)], *around),
        _traefik_route(reads, [_service(name)], *around, "retry"),
    ]


def _service(name: str) -> dict[str, Any]:
    return {"name": name, "port": PORT, "serversTransport": "services"}


def _as_object(spec: dict[str, Any]) -> dict[str, Any]:
    """A middleware names a service by its kind here."""
    if "errors" not in spec:
        return spec
    return {"errors": {**spec["errors"], "service": {"kind": "TraefikService", "name": spec["errors"]["service"]}}}


def _traefik_route(match: str, services: Objects, *names: str) -> dict[str, Any]:
    return {"kind": "Rule", "match": match, "middlewares": [{"name": name} for name in names], "services": services}


def ingress(table: Table) -> Objects:
    paths = [
        {"path": path, "pathType": kind, "backend": {"service": {"name": name, "port": {"number": PORT}}}}
        for name, route in table.services.items()
        for kind, found in (("Prefix", route.prefixes), ("Exact", route.exact))
        for path in found
    ]
    spec = {"tls": [{"secretName": CERTIFICATE}], "rules": [{"http": {"paths": paths}}]}
    return [_object("networking.k8s.io/v1", "Ingress", "etter", spec)]


def _object(version: str, kind: str, name: str, spec: Any) -> dict[str, Any]:  # Any: JSON
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}
