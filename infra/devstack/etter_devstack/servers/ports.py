"""TCP ports of the loopback interface."""

from __future__ import annotations

import random
import socket
import urllib.request
from collections.abc import Container

# below the range that systems hand out to outgoing connections, so that a port found free stays free
_FIRST, _LAST = 20_000, 31_999
_TRIES = 200


def free_port(preferred: int | None = None, *, taken: Container[int] = ()) -> int:
    """A port that nobody listens on and that is not in `taken`; `preferred` when that holds for it."""
    if preferred and preferred not in taken and port_is_free(preferred):
        return preferred
    for _ in range(_TRIES):
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - spreads stacks that start at once, guards nothing
        if port not in taken and port_is_free(port):
            return port
    raise OSError(f"no free TCP port found on 127.0.0.1 between {_FIRST} and {_LAST}")


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def says(port: int, request: bytes, answer: bytes, *, timeout_s: float = 0.5) -> bool:
    """Whoever listens on `port` answers `request` by something that contains `answer`."""
    received = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_s) as probe:
            probe.sendall(request)
            while answer not in received:
                chunk = probe.recv(4096)
                if not chunk:
                    return False
                received += chunk
    except OSError:
        return False
    return True


def answers(url: str, *, timeout_s: float = 1) -> bool:
    """The URL answers 200 in time."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - our own loopback URLs
            return bool(response.status == 200)
    except OSError:  # URLError and time-outs among them
        return False
