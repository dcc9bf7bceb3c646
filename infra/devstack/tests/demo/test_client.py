"""The client, against a small server that answers as the API does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from etter_devstack.demo import client as client_module
from etter_devstack.demo.client import Client, JourneyError, eventually

JOB = "/api/extraction/v1/extraction-jobs/1"


class Api(BaseHTTPRequestHandler):
    """Sign-in, a list of three pages, a versioned thing, a job that succeeds and one that fails, a problem, and a queue
    before which one is sent away twice.
    """

    sent_away = 0

    def do_GET(self) -> None:
        assert self.headers["authorization"] == "Bearer token"
        path, _, query = self.path.partition("?")
        if path == "/queue":
            self._queue({"left": "nothing"})
        elif path.endswith("/events"):
            self._events()
        elif path == "/pages":
            number = int(query.partition("cursor=")[2] or 0)
            more = number < 2
            self._json(200, {"data": [{"n": number}], "meta": {"has_more": more, "next_cursor": str(number + 1)}})
        elif path == "/thing":
            self._json(200, {"data": {"id": 1}}, etag='"7"')
        elif path == JOB:
            self._json(200, {"data": {"status": "succeeded"}})
        elif path == f"{JOB}0":
            self._json(200, {"data": {"status": "failed", "error_code": "DOCUMENT_DAMAGED", "error_detail": None}})
        else:
            errors = [{"pointer": "/query/limit", "message": "too large", "code": "x"}]
            self._json(422, {"code": "VALIDATION_FAILED", "detail": "not right", "errors": errors})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/queue":
            self._queue({"left": body.decode()})
        else:
            self._json(201, {"data": {"access_token": "token"}})

    def _queue(self, data: Any) -> None:
        type(self).sent_away = (self.sent_away + 1) % 3
        if self.sent_away:
            self._json(503, {"code": "OVERLOADED", "title": "Too much"}, **{"retry-after": "0"})
        else:
            self._json(200, {"data": data})

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for status, share in (("running", 0.5), ("succeeded", 1.0)):
            data = json.dumps({"status": status, "progress": share, "stage": None})
            self.wfile.write(f": beat\n\nid: 1\nevent: progress\ndata: {data}\n\n".encode())

    def _json(self, status: int, body: Any, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Not to the terminal."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url, "maya@brightwater.example", "secret") as client:
        yield client


class TestClient:
    def test_all_pages(self, client: Client) -> None:
        assert client.get_all("/pages") == [{"n": 0}, {"n": 1}, {"n": 2}]

    def test_a_version_comes_along(self, client: Client) -> None:
        assert client.get_versioned("/thing") == ({"id": 1}, '"7"')

    def test_a_problem_is_told_in_its_own_words(self, client: Client) -> None:
        with pytest.raises(JourneyError, match="GET /none: 422 VALIDATION_FAILED: not right /query/limit too large"):
            client.get("/none")

    def test_sent_away_for_a_moment_it_comes_again(self, client: Client) -> None:
        assert client.get("/queue") == {"left": "nothing"}

    def test_a_file_is_sent_again_whole(self, client: Client, tmp_path: Path) -> None:
        file = tmp_path / "roles.txt"
        file.write_text("Every word of it")
        assert "Every word of it" in client.upload("/queue", file)["left"]

    def test_whoever_is_sent_away_without_end_is_told(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client_module, "_PATIENCE_S", -1)
        with pytest.raises(JourneyError, match="503 OVERLOADED"):
            client.get("/queue")
        monkeypatch.undo()
        client.get("/queue")

    def test_a_job_is_followed_to_its_end(self, client: Client) -> None:
        told: list[float] = []
        assert client.follow(JOB, lambda event: told.append(event["progress"])) == {"status": "succeeded"}
        assert told == [0.5, 1.0]

    def test_a_failed_job_raises(self, client: Client) -> None:
        with pytest.raises(JourneyError, match="failed: DOCUMENT_DAMAGED"):
            client.follow(f"{JOB}0", lambda _: None)


class TestEventually:
    def test_what_comes_true_is_given(self) -> None:
        looks = iter([None, None, 3])
        assert eventually(lambda: next(looks), "three") == 3

    def test_what_does_not_is_told(self) -> None:
        with pytest.raises(JourneyError, match="rain: did not happen within 0 s"):
            eventually(lambda: None, "rain", timeout_s=0)
