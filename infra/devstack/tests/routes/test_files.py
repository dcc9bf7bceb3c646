"""The committed files say what the table says, and each form says the same."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from etter_devstack.routes import files
from etter_devstack.routes.table import load
from etter_devstack.routes.traefik import Place, dynamic_config, static_config

from ..conftest import ROOT

GIVEN = tomllib.loads((ROOT / files.TABLE).read_text(encoding="utf-8"))
RENDERED = files.rendered(load(ROOT / files.TABLE))


class TestRendered:
    @pytest.mark.parametrize("path", RENDERED)
    def test_what_is_committed_is_what_the_table_renders(self, path: str) -> None:
        committed = ROOT / path
        assert committed.is_file() and committed.read_text(encoding="utf-8") == RENDERED[path], "run `make routes`"  # noqa: PT018

    def test_nothing_is_left_of_an_earlier_table(self) -> None:
        folders = [ROOT / "infra" / "compose" / "ingress", *(ROOT / "infra" / "k8s" / "components").glob("routes-*")]
        assert {str(file.relative_to(ROOT)) for folder in folders for file in folder.iterdir()} == set(RENDERED)


@dataclass(frozen=True)
class Said:
    """What a form says of one service, or of reading from it."""

    prefixes: tuple[str, ...]
    exact: tuple[str, ...]
    methods: tuple[str, ...]
    attempts: int
    pause: str
    dropped: tuple[str, ...]
    added: tuple[tuple[str, str], ...]


def table_says(name: str, *, reading: bool, over_tls: bool = True) -> Said:
    paths, retry, headers = GIVEN["services"][name], GIVEN["retry"], GIVEN["headers"]
    return Said(
        tuple(paths["prefixes"]),
        tuple(paths.get("exact", ())),
        tuple(retry["methods"]) if reading else (),
        retry["attempts"] if reading else 1,
        f"{retry['first_pause_ms']}ms" if reading else "",
        (*headers["drop_from_request"], *headers["drop_from_answer"]),
        tuple(headers["over_tls"].items()) if over_tls else (),
    )


def rule_says(rule: str, middlewares: list[dict[str, Any]]) -> Said:
    """Of a rule of Traefik's and all its middlewares."""
    retries = [part["retry"] for part in middlewares if "retry" in part]
    changes = [part["headers"] for part in middlewares if "headers" in part]
    requests = {name: value for part in changes for name, value in part.get("customRequestHeaders", {}).items()}
    answers = {name: value for part in changes for name, value in part.get("customResponseHeaders", {}).items()}
    return Said(
        tuple(re.findall(r"PathPrefix\(`(.*?)`\)", rule)),
        tuple(re.findall(r"\bPath\(`(.*?)`\)", rule)),
        tuple(re.findall(r"Method\(`(.*?)`\)", rule)),
        retries[0]["attempts"] if retries else 1,
        retries[0]["initialInterval"] if retries else "",
        tuple(name for name, value in {**requests, **answers}.items() if not value),
        tuple((name, value) for name, value in answers.items() if value),
    )


def read(path: str) -> list[Any]:
    return list(yaml.safe_load_all((ROOT / path).read_text(encoding="utf-8")))


def traefik_files(form: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Static and dynamic."""
    if form == "local":
        table, place = load(ROOT / files.TABLE), Place("127.0.0.1:1")
        backends = {name: ["http://127.0.0.1:2"] for name in table.services}
        return static_config(table, place, dynamic="x"), dynamic_config(table, backends, place=place)
    folder, suffix = "infra/compose/ingress", form.removeprefix("compose")
    return read(f"{folder}/traefik{suffix}.yaml")[0], read(f"{folder}/dynamic{suffix}.yaml")[0]


def components(name: str, kind: str) -> dict[str, Any]:
    """Specifications of one kind by name."""
    objects = read(f"infra/k8s/components/routes-{name}/routes.yaml")
    return {part["metadata"]["name"]: part["spec"] for part in objects if part["kind"] == kind}


@pytest.mark.parametrize("form", ["local", "compose", "compose-tls"])
class TestTraefikFiles:
    def test_routes_retries_and_headers(self, form: str) -> None:
        static, dynamic = traefik_files(form)
        over_tls = form == "compose-tls"
        everywhere = static["entryPoints"]["secure" if over_tls else "web"]["http"]["middlewares"]
        for name in GIVEN["services"]:
            for router, reading in ((name, False), (f"{name}-read", True)):
                found = dynamic["http"]["routers"][router]
                names = [*(part.removesuffix("@file") for part in everywhere), *found.get("middlewares", ())]
                chain = [dynamic["http"]["middlewares"][part] for part in names]
                assert rule_says(found["rule"], chain) == table_says(name, reading=reading, over_tls=over_tls)

    def test_there_are_no_other_routes(self, form: str) -> None:
        _, dynamic = traefik_files(form)
        ours = {part for name in GIVEN["services"] for part in (name, f"{name}-read")}
        others = {k: v for k, v in dynamic["http"]["routers"].items() if k not in ours}
        inner = others.pop("inner-health", {"entryPoints": ["inner"]})
        assert inner["entryPoints"] == ["inner"]
        unrouted = others.pop("unrouted")
        assert (unrouted["rule"], unrouted["priority"]) == ("PathPrefix(`/`)", 1)
        assert unrouted["middlewares"] == ["unrouted", "retry"]
        assert dynamic["http"]["middlewares"]["unrouted"] == {"addPrefix": {"prefix": "/ingress/404"}}
        assert [part["rule"] for part in others.values()] == [f"Path(`{GIVEN['limits']['health_path']}`)"]

    def test_the_others_speak_for_a_service_that_gives_no_answer(self, form: str) -> None:
        _, dynamic = traefik_files(form)
        http = dynamic["http"]
        for name in GIVEN["services"]:
            for router in (name, f"{name}-read"):
                assert http["routers"][router]["middlewares"][0] == f"{name}-unreachable"
            page = http["middlewares"][f"{name}-unreachable"]["errors"]
            assert page == {"status": ["502"], "service": f"not-{name}", "query": "/ingress/{status}?url={url}"}
            servers = {part["url"] for part in http["services"][f"not-{name}"]["loadBalancer"]["servers"]}
            assert (f"http://{name}:8000" in servers) is False
            assert http["services"][f"not-{name}"]["loadBalancer"]["healthCheck"]["path"] == "/health/live"

    def test_limits(self, form: str) -> None:
        static, dynamic = traefik_files(form)
        limits = GIVEN["limits"]
        for name, entry in static["entryPoints"].items():
            if name != "inner":
                timeouts = entry["transport"]["respondingTimeouts"]
                assert timeouts["readTimeout"] == f"{limits['read_timeout_s']}s"
                assert timeouts["idleTimeout"] == f"{limits['client_idle_timeout_s']}s"
                assert entry["http"]["maxHeaderBytes"] == limits["max_header_bytes"]
        assert dynamic["http"]["serversTransports"]["services"]["forwardingTimeouts"] == forwarding()


class TestReadme:
    def test_its_arguments_say_what_the_files_say(self) -> None:
        text = (ROOT / "infra" / "ingress" / "README.md").read_text(encoding="utf-8")
        arguments = dict(re.findall(r"^--entryPoints\.websecure\.(\S+)=(\S+)$", text, re.MULTILINE))
        entry = read("infra/compose/ingress/traefik-tls.yaml")[0]["entryPoints"]["secure"]
        assert arguments == {name: value for name, value in flat(entry) if not name.startswith(BY_OBJECTS)}


BY_OBJECTS = ("address", "asDefault", "http.middlewares", "http.tls", "transport.lifeCycle")


def flat(config: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    found = []
    for name, value in config.items():
        path = f"{before}{name}"
        found += flat(value, f"{path}.") if isinstance(value, dict) else [(path, str(value).lower())]
    return found


def forwarding() -> dict[str, str]:
    limits = GIVEN["limits"]
    return {
        "dialTimeout": f"{limits['connect_timeout_s']}s",
        "responseHeaderTimeout": f"{limits['answer_timeout_s']}s",
        "idleConnTimeout": f"{limits['service_idle_timeout_s']}s",
    }


class TestKubernetes:
    def test_gateway_says_the_same(self) -> None:
        routes = components("gateway", "HTTPRoute")
        assert routes.pop("https-only")["rules"][0]["filters"][0]["requestRedirect"]["scheme"] == "https"
        assert set(routes) == set(GIVEN["services"])
        for name, spec in routes.items():
            assert [part["sectionName"] for part in spec["parentRefs"]] == ["https"]
            reading, rest = spec["rules"]
            assert http_route_says(reading) == table_says(name, reading=True)
            assert http_route_says(rest) == table_says(name, reading=False)
            assert {part["name"] for rule in spec["rules"] for part in rule["backendRefs"]} == {name}

    def test_no_time_ends_a_stream_and_none_ends_an_upload_early(self) -> None:
        limits = GIVEN["limits"]
        for name in GIVEN["services"]:
            reading, rest = components("gateway", "HTTPRoute")[name]["rules"]
            assert reading["timeouts"] == {"request": "0s"}
            assert rest["timeouts"] == {"request": f"{limits['read_timeout_s'] + limits['answer_timeout_s']}s"}

    def test_traefiks_kinds_say_the_same(self) -> None:
        specs, middlewares = components("traefik", "IngressRoute"), components("traefik", "Middleware")
        routes = iter(specs["etter"]["routes"])
        for name in GIVEN["services"]:
            for reading in (False, True):
                route = next(routes)
                chain = [middlewares[part["name"]] for part in route["middlewares"]]
                assert rule_says(route["match"], chain) == table_says(name, reading=reading)
                assert route["services"] == [{"name": name, "port": 8000, "serversTransport": "services"}]
        unrouted = next(routes)
        assert (unrouted["match"], unrouted["priority"]) == ("PathPrefix(`/`)", 1)
        assert [part["name"] for part in unrouted["middlewares"]] == ["edge", "over-tls", "unrouted", "retry"]
        assert {part["name"] for part in unrouted["services"]} == set(GIVEN["services"])
        assert next(routes, None) is None
        speakers = components("traefik", "TraefikService")
        for name in GIVEN["services"]:
            page = middlewares[f"{name}-unreachable"]["errors"]
            assert page["service"] == {"kind": "TraefikService", "name": f"not-{name}"}
            found = {part["name"] for part in speakers[f"not-{name}"]["weighted"]["services"]}
            assert found == set(GIVEN["services"]) - {name}
        assert components("traefik", "ServersTransport")["services"]["forwardingTimeouts"] == forwarding()

    def test_ingress_names_the_same_paths(self) -> None:
        spec = components("ingress", "Ingress")["etter"]
        found = {(part["backend"]["service"]["name"], part["pathType"], part["path"]) for part in paths_of(spec)}
        assert found == {
            (name, kind, path)
            for name, route in GIVEN["services"].items()
            for kind, field in (("Prefix", "prefixes"), ("Exact", "exact"))
            for path in route.get(field, ())
        }


def paths_of(spec: dict[str, Any]) -> list[Any]:
    return [path for rule in spec["rules"] for path in rule["http"]["paths"]]


def http_route_says(rule: dict[str, Any]) -> Said:
    matches, retry = rule["matches"], rule.get("retry")
    filters = {part["type"]: part for part in rule["filters"]}
    request = filters["RequestHeaderModifier"]["requestHeaderModifier"]
    answer = filters["ResponseHeaderModifier"]["responseHeaderModifier"]

    def paths(kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(match["path"]["value"] for match in matches if match["path"]["type"] == kind))

    methods = tuple(dict.fromkeys(match["method"] for match in matches if "method" in match))
    assert len(matches) == len(paths("PathPrefix") + paths("Exact")) * max(len(methods), 1)
    return Said(
        paths("PathPrefix"),
        paths("Exact"),
        methods,
        1 + retry["attempts"] if retry else 1,
        retry["backoff"] if retry else "",
        (*request["remove"], *answer["remove"]),
        tuple((part["name"], part["value"]) for part in answer["set"]),
    )
