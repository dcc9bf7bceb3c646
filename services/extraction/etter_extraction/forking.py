"""The worker's side of `zygote`: starts it, asks it for a child for each document, starts another if it dies."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from etter_extraction.answering import READY, Ending
from etter_extraction.parsing import limits
from etter_extraction.parsing.errors import DocumentResultTooLarge

ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1",
}  # fmt: skip
_CHUNK: Final = 1 << 18


class ZygoteDied(Exception):
    """The forking process died, and the child with it. The document may be blameless."""


class Zygote:
    """One forking process. It ends when this object's socket is closed, so at the latest with the worker."""

    def __init__(self, profile: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-I", "-X", "faulthandler=0", "-m", "etter_extraction.zygote", profile],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", env=ENVIRONMENT,
                start_new_session=True,
            )  # fmt: skip
        self._control.setblocking(False)
        self._is_ready = False
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End it at once, and so its children."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    async def ready(self) -> None:
        """Wait until it has loaded what children share. Raises `ZygoteDied`."""
        async with self._starting:
            if not self._is_ready:
                said = b""
                with suppress(OSError):  # closed meanwhile
                    said = await asyncio.get_running_loop().sock_recv(self._control, 1)
                if said != READY:
                    raise ZygoteDied("the process that forks readers could not start")
                self._is_ready = True

    async def run(self, task: bytes) -> tuple[Ending, bytes]:
        """Have a child serve a task: how it ended and what it answered. Cancelled, the child is killed."""
        loop = asyncio.get_running_loop()
        answer, child_answer = socket.socketpair()
        status, child_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with answer, status:
            for ours in (answer, status):
                ours.setblocking(False)
            with child_answer, child_status:
                try:
                    socket.send_fds(self._control, [b"f"], [child_answer.fileno(), child_status.fileno()])
                except OSError as error:
                    raise ZygoteDied from error
            with suppress(ConnectionError):  # a child that died first; its ending says why
                await loop.sock_sendall(answer, task)
                answer.shutdown(socket.SHUT_WR)
            said = await read_all(partial(loop.sock_recv, answer))
            ending = await loop.sock_recv(status, 4096)
        if not ending:
            raise ZygoteDied
        return msgspec.json.decode(ending, type=Ending), said


async def read_all(receive: Callable[[int], Awaitable[bytes]]) -> bytes:
    """All that a child says. Raises `DocumentResultTooLarge`."""
    parts, size = [], 0
    with suppress(ConnectionError):
        while part := await receive(_CHUNK):
            size += len(part)
            if size > limits.MAX_RESULT:
                raise DocumentResultTooLarge(f"more than {limits.MAX_RESULT} bytes")
            parts.append(part)
    return b"".join(parts)
