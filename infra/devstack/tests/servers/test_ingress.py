"""Traefik in front of a small server that says what reached it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from etter_devstack import routes
from etter_devstack.servers import ingress
from etter_devstack.servers.ports import free_port

from ..conftest import ROOT


class Echo(BaseHTTPRequestHandler):
    """Answers JSON of the request; `/events` streams two events, the second once the first has been heard of."""

    protocol_version = "HTTP/1.1"
    first_is_heard = threading.Event()

    def do_GET(self) -> None:
        if self.path.endswith("/events"):
            self._stream()
            return
        length = int(self.headers.get("content-length") or 0)
        body = json.dumps({"path": self.path, "headers": dict(self.headers), "bytes": len(self.rfile.read(length))})
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815 - the name that http.server asks for

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        heard = self.first_is_heard.wait(20)
        self.wfile.write(b"data: heard\n\n" if heard else b"data: silence\n\n")

    def log_message(self, *_: object) -> None:
        """Not to the terminal."""


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ingress.Ingress]:
    """Auth is there, core has one replica that is gone beside one that is there, the others are gone."""
    folder = tmp_path_factory.mktemp("ingress")
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=echo.serve_forever)
    thread.start()
    there, gone = f"http://127.0.0.1:{echo.server_address[1]}", f"http://127.0.0.1:{free_port()}"
    started = ingress.launch(
        folder, log=folder / "ingress.log", routes=routes.load(ROOT / "infra" / "ingress" / "routes.toml"),
        backends={"auth": [there], "core": [gone, there], "extraction": [gone], "simulation": [gone]},
        port=free_port(),
    )  # fmt: skip
    started.process.wait_until(started.is_ready)
    yield started
    started.stop()
    echo.shutdown()
    echo.server_close()
    thread.join()


def call(gate: ingress.Ingress, method: str, path: str, **kwargs: Any) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(gate.url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, **kwargs)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class TestIngress:
    def test_the_prefix_is_kept(self, gate: ingress.Ingress) -> None:
        status, body = call(gate, "GET", "/api/auth/v1/me?fields=id")
        assert (status, json.loads(body)["path"]) == (200, "/api/auth/v1/me?fields=id")

    def test_keys_are_at_the_origins_root(self, gate: ingress.Ingress) -> None:
        assert call(gate, "GET", "/.well-known/jwks.json")[0] == 200

    def test_health_says_only_up(self, gate: ingress.Ingress) -> None:
        assert call(gate, "GET", "/healthz") == (200, b"OK")

    @pytest.mark.parametrize(
        "path",
        [
            "/", "/metrics", "/health/ready", "/health/live", "/api/auth/../../metrics", "/api/auth",
            "/api/authority/x", "/dashboard/", "/ping", "/.well-known/other",
        ],
    )  # fmt: skip
    def test_nothing_else_is_reachable(self, gate: ingress.Ingress, path: str) -> None:
        assert call(gate, "GET", path)[0] == 404

    def test_reads_go_on_without_the_replica_that_is_gone(self, gate: ingress.Ingress) -> None:
        assert {call(gate, "GET", "/api/core/v1/roles")[0] for _ in range(6)} == {200}

    def test_writes_are_not_tried_again(self, gate: ingress.Ingress) -> None:
        statuses = [call(gate, "POST", "/api/core/v1/roles", body=b"{}")[0] for _ in range(6)]
        assert sorted(statuses) == [200] * 3 + [502] * 3

    def test_a_client_cannot_choose_its_address(self, gate: ingress.Ingress) -> None:
        headers = {"X-Forwarded-For": "9.9.9.9", "X_Forwarded_For": "9.9.9.9"}
        _, body = call(gate, "GET", "/api/auth/v1/me", headers=headers)
        assert "9.9.9.9" not in body.decode()

    def test_encoded_slashes_are_refused(self, gate: ingress.Ingress) -> None:
        assert call(gate, "GET", "/api/auth/v1/users%2f..%2fmetrics")[0] == 400

    def test_large_bodies_pass(self, gate: ingress.Ingress) -> None:
        _, body = call(gate, "POST", "/api/auth/v1/x", body=b"x" * 5_000_000)
        assert json.loads(body)["bytes"] == 5_000_000

    def test_events_arrive_when_they_are_sent(self, gate: ingress.Ingress) -> None:
        connection = http.client.HTTPConnection(gate.url.removeprefix("http://"), timeout=60)
        connection.request("GET", "/api/auth/v1/jobs/1/events")
        response = connection.getresponse()
        assert response.readline() == b"data: first\n"
        Echo.first_is_heard.set()
        rest = response.read()
        connection.close()
        assert b"data: heard" in rest
