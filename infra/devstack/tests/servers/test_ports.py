"""Ports of the loopback interface."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from etter_devstack.servers.ports import PortClaims, checks, free_port, port_is_free, says


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class TestFreePort:
    def test_the_preferred_one_when_it_is_free(self) -> None:
        port = free_port()
        assert free_port(port) == port

    def test_another_when_somebody_listens(self, taken: int) -> None:
        assert not port_is_free(taken)
        assert free_port(taken) != taken


class TestPortClaims:
    def test_what_another_stack_has_claimed_is_not_free(self) -> None:
        ours, theirs = PortClaims(), PortClaims()
        port = theirs.free_port()
        assert ours.free_port(port) != port
        theirs.close()
        assert ours.claim(port)
        ours.close()

    def test_what_somebody_listens_on_cannot_be_claimed(self, taken: int) -> None:
        assert not PortClaims().claim(taken)


class TestSays:
    def test_a_listener_that_says_something_else_is_not_it(self, taken: int) -> None:
        assert not says(taken, b"PING\r\n", b"+PONG", timeout_s=0.1)

    def test_nobody_listening_is_no_error(self) -> None:
        assert not says(free_port(), b"", b"x")


class TestChecks:
    @pytest.mark.parametrize("status", [200, 503])
    def test_each_dependency_is_up_or_down_ready_or_not(self, status: int) -> None:
        report = {"status": "x", "checks": {"nats": {"status": "up"}, "jetstream": {"status": "down"}}}

        class Health(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(report).encode())

            def log_message(self, *_: object) -> None:
                """Not to the terminal."""

        with HTTPServer(("127.0.0.1", 0), Health) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            assert checks(f"http://127.0.0.1:{server.server_port}/health/ready") == {"nats": True, "jetstream": False}
            thread.join()

    def test_a_service_that_does_not_answer_says_nothing(self) -> None:
        assert checks(f"http://127.0.0.1:{free_port()}/health/ready") == {}
