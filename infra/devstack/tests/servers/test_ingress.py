"""Traefik in front of a small server that says what reached it: as the local stack and as compose configure it."""

from __future__ import annotations

import posixpath
import socket
import subprocess
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from etter_devstack.servers import ingress
from etter_devstack.servers.ports import free_port

from ..processes import until
from . import gates
from .echo import Echo, listening
from .gates import Gate


@pytest.fixture(scope="module", params=["local", "compose"])
def gate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """Auth and core are there; extraction has one replica that is gone beside one that is there; simulation is gone."""
    start = {"local": gates.local, "compose": gates.compose}[request.param]
    gone = f"http://127.0.0.1:{free_port()}"
    with listening() as there:
        backends = {"auth": [there], "core": [there], "extraction": [gone, there], "simulation": [gone]}
        with start(tmp_path_factory.mktemp("ingress"), backends) as started:
            until(lambda: _knows_who_is_alive(started))
            yield started


def _knows_who_is_alive(gate: Gate) -> bool:
    """It asks them every 2 s; until then one that is gone has its turn to speak for another."""
    return all(gate.call("GET", "/api/simulation/v1/x").body.startswith(b"{") for _ in range(8))


class TestRoutes:
    def test_the_prefix_is_kept(self, gate: Gate) -> None:
        answer = gate.call("GET", "/api/auth/v1/me?fields=id")
        assert (answer.status, answer.json()["path"]) == (200, "/api/auth/v1/me?fields=id")

    def test_keys_are_at_the_origins_root(self, gate: Gate) -> None:
        assert gate.call("GET", "/.well-known/jwks.json").status == 200

    def test_health_says_only_up(self, gate: Gate) -> None:
        answer = gate.call("GET", "/healthz")
        assert (answer.status, answer.body) == (200, b"OK")

    @pytest.mark.parametrize(
        "path",
        [
            "/", "/metrics", "/METRICS", "//metrics", "/./metrics", "/%6detrics", "/metrics/", "/metrics?x=/api/core/",
            "/health", "/health/ready", "/health/live", "/Health/Ready", "//health//ready", "/%68ealth/ready",
            "/api/auth/../../metrics", "/api/core/%2e%2e/%2e%2e/metrics", "/api/core/.%2e/%2E./metrics",
            "/api/core//../../metrics", "/api/core/./../../health/ready", "/api/../health/live", "/api/core/../metrics",
            "/api/auth", "/api/authority/x", "/API/core/v1/roles", "/api/Core/v1/roles", "/dashboard/", "/api/rawdata",
            "/ping", "/.well-known/other", "/.well-known/jwks.json/", "http://elsewhere/metrics",
        ],
    )  # fmt: skip
    def test_nothing_else_is_reachable(self, gate: Gate, path: str) -> None:
        """A service answers in the place of the ingress, under a path that is no route of its own."""
        answer = gate.call("GET", path)
        assert answer.status == 404
        assert answer.json()["path"].startswith("/ingress/404/")

    @pytest.mark.parametrize(
        "path",
        [
            "/api/core/..;/metrics", "/api/core/;/../../metrics", "/api/core/%252e%252e/metrics", "/api/core//metrics",
            "/api/core/..%00/metrics", "/api/core/..%09/metrics", "/api/core/%c0%ae%c0%ae/metrics",
        ],
    )  # fmt: skip
    def test_odd_paths_do_not_leave_their_service(self, gate: Gate, path: str) -> None:
        answer = gate.call("GET", path)
        if answer.status == 200:
            reached = unquote(answer.json()["path"], errors="replace")
            assert posixpath.normpath(reached).startswith("/api/core/")
        else:
            assert answer.status in {400, 404}

    @pytest.mark.parametrize("path", ["/api/auth/v1/users%2f..%2fmetrics", "/api/auth/..%5c..%5cmetrics"])
    def test_encoded_slashes_are_refused(self, gate: Gate, path: str) -> None:
        assert gate.call("GET", path).status == 400


class TestRetries:
    def test_reads_go_on_without_the_replica_that_is_gone(self, gate: Gate) -> None:
        assert {gate.call("GET", "/api/extraction/v1/x").status for _ in range(6)} == {200}

    def test_writes_are_not_sent_to_another(self, gate: Gate) -> None:
        statuses = [gate.call("POST", "/api/extraction/v1/x", body=b"{}").status for _ in range(6)]
        assert sorted(statuses) == [200] * 3 + [502] * 3

    def test_a_read_that_gets_no_answer_is_tried_three_times(self, gate: Gate) -> None:
        Echo.broken.clear()
        assert gate.call("GET", "/api/core/broken").status == 502
        assert len(Echo.broken) >= 3  # a kept connection that breaks is not even counted

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_a_write_that_gets_no_answer_is_sent_once(self, gate: Gate, method: str) -> None:
        Echo.broken.clear()
        assert gate.call(method, "/api/core/broken", body=b"{}").status == 502
        assert Echo.broken == [method]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_another_service_speaks_for_one_that_is_gone(self, gate: Gate, method: str) -> None:
        for _ in range(4):  # whoever's turn it is
            answer = gate.call(method, "/api/simulation/v1/x?limit=3")
            assert answer.status == 502
            path, _, query = answer.json()["path"].partition("?")
            (url,) = parse_qs(query)["url"]
            assert (path, urlsplit(url).path) == ("/ingress/502", "/api/simulation/v1/x")

    def test_what_a_service_says_itself_is_left_alone(self, gate: Gate) -> None:
        for status in (404, 500, 503, 504):
            answer = gate.call("GET", f"/api/core/says/{status}")
            assert (answer.status, answer.json()["path"]) == (status, f"/api/core/says/{status}")


class TestHeaders:
    @pytest.mark.parametrize("name", ["X-Forwarded-For", "X_Forwarded_For", "X-Real-Ip", "Forwarded"])
    def test_a_client_cannot_choose_its_address(self, gate: Gate, name: str) -> None:
        answer = gate.call("GET", "/api/auth/v1/me", headers={name: "9.9.9.9"})
        assert "9.9.9.9" not in answer.body.decode()
        assert answer.json()["headers"]["X-Forwarded-For"] == "127.0.0.1"

    def test_a_client_cannot_choose_scheme_or_host(self, gate: Gate) -> None:
        names = ("Proto", "Host", "Port", "Prefix", "Server", "Uri", "Method", "Tls-Client-Cert")
        answer = gate.call("GET", "/api/auth/v1/me", headers={f"X-Forwarded-{name}": "forged" for name in names})
        assert "forged" not in answer.body.decode()

    def test_a_client_cannot_have_its_address_dropped_on_the_way(self, gate: Gate) -> None:
        answer = gate.call("GET", "/api/auth/v1/me", headers={"Connection": "close, X-Forwarded-For"})
        assert answer.json()["headers"]["X-Forwarded-For"] == "127.0.0.1"

    def test_what_a_service_says_of_security_arrives(self, gate: Gate) -> None:
        found = gate.call("GET", "/api/auth/v1/me").headers
        assert found["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"

    def test_no_server_is_named_and_plain_http_promises_no_tls(self, gate: Gate) -> None:
        for path in ("/api/auth/v1/me", "/healthz", "/metrics", "/api/simulation/v1/x"):
            assert not {"server", "via", "strict-transport-security"} & set(gate.call("GET", path).headers)

    def test_too_many_headers_are_refused(self, gate: Gate) -> None:
        assert gate.call("GET", "/api/auth/v1/me", headers={"X-Long": "x" * 80_000}).status == 431


class TestBodies:
    def test_large_bodies_pass(self, gate: Gate) -> None:
        answer = gate.call("POST", "/api/auth/v1/x", body=b"x" * 5_000_000)
        assert answer.json()["bytes"] == 5_000_000

    def test_answers_are_as_the_service_sends_them(self, gate: Gate) -> None:
        """Nothing is compressed on the way: the services keep compressed answers ready."""
        headers = {"Accept-Encoding": "zstd, gzip", "X-Long": "x" * 5_000}
        answer = gate.call("GET", "/api/auth/v1/x", headers=headers)
        assert "content-encoding" not in answer.headers
        assert answer.json()["headers"]["X-Long"]

    def test_events_arrive_when_they_are_sent(self, gate: Gate) -> None:
        with gate.connection() as connection:
            connection.request("GET", "/api/auth/v1/jobs/1/events", headers={"Accept-Encoding": "gzip"})
            response = connection.getresponse()
            assert response.readline() == b"data: first\n"
            Echo.first_is_heard.set()
            assert b"data: heard" in response.read()


class TestConnections:
    def test_compose_looks_a_service_up_for_each_request(self, gate: Gate) -> None:
        """So that it finds the replicas that `--scale` adds; the local stack has one, and keeps connections."""
        peers = {gate.call("GET", "/api/auth/v1/x").json()["peer"] for _ in range(4)}
        assert len(peers) == (4 if gate.form == "compose" else 1)

    def test_http2_without_tls(self, gate: Gate) -> None:
        """For a balancer in front that ends TLS: the answer to the preface is a SETTINGS frame (RFC 9113 §3.4)."""
        with socket.create_connection(gate.address, timeout=20) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            assert connection.recv(9)[3] == 4


class TestInside:
    def test_health_and_metrics_have_an_entry_of_their_own(self, gate: Gate) -> None:
        if gate.inner is None:
            assert gate.form == "local"
            return
        assert gates.fetch(gate.inner, "GET", "/ping").body == b"OK"
        assert b"traefik_" in gates.fetch(gate.inner, "GET", "/metrics").body
        assert gates.fetch(gate.inner, "GET", "/api/core/v1/x").status == 404

    def test_traefik_finds_out_itself_whether_it_is_well(self, gate: Gate) -> None:
        if gate.config is None:
            assert gate.form == "local"
            return
        command = [str(ingress.BINARY), "healthcheck", f"--configFile={gate.config}"]
        assert subprocess.run(command, capture_output=True, timeout=20, check=True).stdout.startswith(b"OK")
