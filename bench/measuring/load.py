"""A load generator: keep-alive connections that each send the next request when the last answer is whole.

It speaks just enough HTTP/1.1 to count: our servers answer with Content-Length.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from etter_common.clock import monotonic


@dataclass
class Result:
    """What one run saw. `cpu_us` is the server's CPU time per request."""

    seconds: float
    statuses: dict[int, int]
    latencies_ms: list[float] = field(repr=False)
    cpu_us: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    @property
    def rps(self) -> float:
        return self.count / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies_ms) if self.latencies_ms else 0.0

    @property
    def p99(self) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else 0.0


class _Connection(asyncio.Protocol):
    """One connection; `requests` are sent in turn until `until`."""

    def __init__(self, requests: Sequence[bytes], until: float, done: asyncio.Future[None], result: Result) -> None:
        self._requests, self._until, self._done, self._result = requests, until, done, result
        self._number = 0
        self._buffer = b""
        self._missing = 0
        self._status = 0
        self._began = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
            if self._missing <= 0:
                self._finish()
            return
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head, rest = self._buffer[:end].lower(), len(self._buffer) - end - 4
        self._buffer = b""
        self._status = int(head[9:12])
        at = head.find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self._missing = length - rest
        if self._missing <= 0:
            self._finish()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _finish(self) -> None:
        self._missing = 0
        now = monotonic()
        self._result.latencies_ms.append((now - self._began) * 1000)
        self._result.statuses[self._status] = self._result.statuses.get(self._status, 0) + 1
        if now < self._until:
            self._send()
        elif self._transport:
            self._transport.close()

    def _send(self) -> None:
        self._began = monotonic()
        assert self._transport is not None
        self._transport.write(self._requests[self._number % len(self._requests)])
        self._number += 1


def request(path: str, headers: dict[str, str] | None = None, *, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: bench", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def closed_loop(
    port: int, requests: Sequence[Sequence[bytes]], *, seconds: float, connections: int = 64
) -> Result:
    """`connections` clients, client n sending `requests[n % len]` in turn, each waiting for its answers."""
    loop = asyncio.get_running_loop()
    result = Result(seconds, {}, [])
    began = monotonic()
    dones = []
    for number in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        mine = requests[number % len(requests)]
        await loop.create_connection(
            lambda mine=mine, done=done: _Connection(mine, began + seconds, done, result),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        dones.append(done)
    await asyncio.gather(*dones)
    result.seconds = monotonic() - began
    return result


async def answer_of(port: int, sent: bytes) -> tuple[int, list[tuple[str, str]], str]:
    """One answer, whole: status, headers in lower case, body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
    body = await reader.readexactly(int(dict(headers).get("content-length", "0")))
    writer.close()
    return int(first.split(" ")[1]), headers, body.decode()


class _Once(asyncio.Protocol):
    """A connection that is used for one request at a time by an open-loop sender."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.waiting and not self.waiting.done() and data.startswith(b"HTTP/1.1 "):
            self.waiting.set_result(int(data[9:12]))

    def connection_lost(self, _error: Exception | None) -> None:
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(0)


async def open_loop(
    port: int, requests: Sequence[bytes], *, per_second: float, seconds: float, connections: int = 500
) -> dict[int, list[float]]:
    """Requests at a fixed pace whatever the answers do: latencies in ms by status (0: no answer within 10 s).

    The connections are open beforehand, as an ingress holds them; more are made when all are in use.
    """
    loop = asyncio.get_running_loop()
    free = [(await loop.create_connection(_Once, "127.0.0.1", port))[1] for _ in range(connections)]
    seen: dict[int, list[float]] = {}

    async def one(number: int) -> None:
        began = monotonic()
        connection = free.pop() if free else (await loop.create_connection(_Once, "127.0.0.1", port))[1]
        connection.waiting = loop.create_future()
        assert connection.transport is not None
        connection.transport.write(requests[number % len(requests)])
        try:
            async with asyncio.timeout(10):
                status = await connection.waiting
        except TimeoutError:
            status = 0
        seen.setdefault(status, []).append((monotonic() - began) * 1000)
        if status and not connection.transport.is_closing():
            free.append(connection)

    tasks = set()
    began = monotonic()
    for number in range(int(per_second * seconds)):
        delay = began + number / per_second - monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        task = asyncio.create_task(one(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for connection in free:
        if connection.transport:
            connection.transport.close()
    return seen
