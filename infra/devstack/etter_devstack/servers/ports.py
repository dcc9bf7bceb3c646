"""TCP ports of the loopback interface."""

from __future__ import annotations

import json
import random
import socket
import sys
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

# below the range that systems hand out to outgoing connections, so that a port found free stays free
_FIRST, _LAST = 20_000, 31_999
_TRIES = 200


class PortClaims:
    """Ports kept from other stacks of this machine until `close`, also before anybody listens on them.

    A claim is a name in Linux's abstract socket space: it goes with this process, however it ends. Elsewhere two
    stacks that start in the same second may choose the same port.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def claim(self, port: int) -> bool:
        """Nobody listens on it and nobody else has claimed it: from now on it is ours."""
        if not port_is_free(port):
            return False
        if sys.platform != "linux":
            return True
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0etter-port-{port}")
        except OSError:
            mark.close()
            return False
        self._held.append(mark)
        return True

    def free_port(self, preferred: int | None = None) -> int:
        """A port claimed for us, `preferred` if it can be."""
        if preferred and self.claim(preferred):
            return preferred
        return next(port for port in _candidates() if self.claim(port))

    def close(self) -> None:
        for mark in self._held:
            mark.close()
        self._held.clear()


def free_port(preferred: int | None = None) -> int:
    """A port that nobody listens on at this moment; `preferred` when that holds for it."""
    if preferred and port_is_free(preferred):
        return preferred
    return next(port for port in _candidates() if port_is_free(port))


def _candidates() -> Iterator[int]:
    for _ in range(_TRIES):
        yield random.randint(_FIRST, _LAST)  # noqa: S311 - spreads stacks that start at once, guards nothing
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


def checks(url: str, *, timeout_s: float = 3) -> dict[str, bool]:
    """What a service's readiness says of each dependency; nothing while it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - our own loopback URLs
            report = json.load(response)
    except HTTPError as unready:  # 503 with the same report
        with unready:
            report = json.load(unready)
    except (OSError, ValueError):
        return {}
    return {name: check["status"] == "up" for name, check in report.get("checks", {}).items()}
