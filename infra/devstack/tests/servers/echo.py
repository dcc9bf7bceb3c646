"""A small server that says what reached it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Answers JSON of the request, by `/ingress/<status>` and `/api/core/says/<status>` with that status.

    `/events` streams two events, the second once the first has been heard of.

    `/broken` hangs up without an answer and counts how often it was asked.
    """

    protocol_version = "HTTP/1.1"
    server_version = "Secret/1.0"
    first_is_heard = threading.Event()
    broken: list[str] = []  # noqa: RUF012 - shared by all connections

    def do_GET(self) -> None:
        if self.path.endswith("/events"):
            self._stream()
            return
        if self.path.endswith("/broken"):
            self.broken.append(self.command)
            self.close_connection = True
            return
        length = int(self.headers.get("content-length") or 0)
        body = json.dumps(
            {
                "path": self.path,
                "headers": dict(self.headers),
                "peer": self.client_address[1],
                "bytes": len(self.rfile.read(length)),
            }
        )
        asked = re.match(r"/ingress/(\d+)|/api/core/says/(\d+)$", self.path)
        self.send_response(int(asked[1] or asked[2]) if asked else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names that http.server asks for

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        heard = self.first_is_heard.wait(20)
        self.first_is_heard.clear()
        self.wfile.write(b"data: heard\n\n" if heard else b"data: silence\n\n")

    def log_message(self, *_: object) -> None:
        """Not to the terminal."""


@contextmanager
def listening() -> Iterator[str]:
    """Its base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
