"""A connection to a server that a test can cut: refused, and closed where it is open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

_CHUNK = 64 * 1024


class Wire:
    """A TCP proxy on a port of its own. With `cut_at` set, a client that sends these bytes loses its connection."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._listening: socket.socket | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0
        self.cut_at: bytes | None = None

    @classmethod
    @asynccontextmanager
    async def to(cls, host: str, port: int) -> AsyncGenerator[Wire]:
        wire = cls(host, port)
        await wire.mend()
        try:
            yield wire
        finally:
            await wire.cut()

    async def mend(self) -> None:
        """Take connections, on the same port as before."""
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self._listening.setblocking(False)
            self.port = self._listening.getsockname()[1]
            asyncio.get_running_loop().add_reader(self._listening, self._accept, self._listening)

    async def cut(self) -> None:
        """Refuse new connections and close those that are open."""
        if self._listening is None:
            return
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        self._listening = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, listening: socket.socket) -> None:
        here, _ = listening.accept()
        here.setblocking(False)
        self._open.add(task := asyncio.create_task(self._join(here)))
        task.add_done_callback(self._open.discard)
        task.add_done_callback(lambda _: here.close())  # also of one that was cancelled before it began

    async def _join(self, here: socket.socket) -> None:
        """Pass bytes both ways until one side ends."""
        with socket.socket() as there, suppress(OSError):
            there.setblocking(False)
            await asyncio.get_running_loop().sock_connect(there, self._target)
            ways = [asyncio.create_task(self._pass(here, there)), asyncio.create_task(self._pass(there, here))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await loop.sock_recv(source, _CHUNK):
            if self.cut_at is not None and self.cut_at in chunk:
                return
            await loop.sock_sendall(sink, chunk)
