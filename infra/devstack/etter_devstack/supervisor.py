"""Starts parts in the order of their needs, keeps them running, and stops them in the opposite order.

Knows nothing of what the parts are. One that ends by itself is started again after a pause that grows; one that never
gets ready at the first start ends it all.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from etter_devstack.servers.process import Server, StartError

_POLL_S = 0.05
_WATCH_S = 0.25
_STUCK_EVERY_S, _STUCK_LOOKS, _STUCK_AFTER_S = 2.0, 3, 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STABLE_S = 0.5, 10.0, 60.0

How = Literal["starting", "ready", "restarting", "stopping", "stopped"]


@dataclass(frozen=True)
class Part:
    """One thing to run. `launch` starts it and returns at once, or does some work and returns `None`.

    `launch` is called in the main thread, as a process dies with the thread that made it. `is_stuck` is asked while it
    runs, from 30 s after its start and every 2 s: three times yes in a row, and it is started again.
    """

    name: str
    launch: Callable[[], Awaitable[Server | None]]
    after: tuple[str, ...] = ()
    patience_s: float = 60
    is_stuck: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Change:
    """How a part is from now on. `seconds` since its start began."""

    name: str
    how: How
    seconds: float = 0
    pid: int | None = None
    note: str = ""


class Supervisor:
    """Runs `parts`, telling `report` of each change, until `stop` is called or a signal comes."""

    def __init__(self, parts: Sequence[Part], report: Callable[[Change], None]) -> None:
        self._parts = parts
        self._report = report
        self._ready = {part.name: asyncio.Event() for part in parts}
        self._servers: dict[str, Server] = {}
        self._stopping = asyncio.Event()
        self._failure: Exception | None = None

    async def run(self, when_ready: Callable[[], Awaitable[None]] | None = None, *, stay: bool = True) -> None:
        """Everything up, `when_ready` once, then, to `stay`, until told to stop.

        Raises `StartError` when a part never got up, and what `when_ready` raises.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        keepers = [asyncio.create_task(self._keep(part), name=part.name) for part in self._parts]
        ready = asyncio.create_task(self._when_all_ready(when_ready, stay=stay))
        try:
            await self._stopping.wait()
        finally:
            for task in (ready, *keepers):
                task.cancel()
            await asyncio.gather(ready, *keepers, return_exceptions=True)
            await self._stop_all()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop gracefully; called again, at once."""
        if self._stopping.is_set():
            for server in self._servers.values():
                server.process.kill()
        self._stopping.set()

    async def _when_all_ready(self, then: Callable[[], Awaitable[None]] | None, *, stay: bool) -> None:
        for event in self._ready.values():
            await event.wait()
        if then is not None:
            try:
                await then()
            except Exception as failure:
                self._fail(failure)
        if not stay:
            self.stop()

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._stopping.set()

    async def _keep(self, part: Part) -> None:
        try:
            for need in part.after:
                await self._ready[need].wait()
            await self._first_run(part)
        except Exception as failure:
            self._fail(failure)

    async def _first_run(self, part: Part) -> None:
        server = await self._start(part)
        pause, restarts = _FIRST_PAUSE_S, 0
        while server is not None:
            began = time.monotonic()
            stuck = await self._end_of(part, server)
            pause = _FIRST_PAUSE_S if time.monotonic() - began > _STABLE_S else pause
            restarts += 1
            why = "runs but is stuck" if stuck else f"ended with exit code {server.process.exit_code}"
            note = f"{why}; start {restarts + 1} in {pause:g} s"
            self._report(Change(part.name, "restarting", note=note))
            await asyncio.to_thread(server.stop)  # or what is left of its group
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            server = await self._start_again(part, server)

    async def _start_again(self, part: Part, previous: Server) -> Server:
        """A restart that does not get ready, or cannot write, counts as one more end, not as the end of all."""
        try:
            return await self._start(part) or previous
        except (StartError, OSError):
            return self._servers[part.name]

    async def _start(self, part: Part) -> Server | None:
        began = time.monotonic()
        self._report(Change(part.name, "starting"))
        server = await part.launch()
        if server is not None:
            self._servers[part.name] = server
            self._report(Change(part.name, "starting", pid=server.process.pid))
            await self._until_ready(server, part.patience_s)
        pid = server.process.pid if server else None
        self._report(Change(part.name, "ready", time.monotonic() - began, pid))
        self._ready[part.name].set()
        return server

    async def _until_ready(self, server: Server, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while not await asyncio.to_thread(server.is_ready):
            server.process.check(overdue=time.monotonic() > deadline, timeout_s=patience_s)
            await asyncio.sleep(_POLL_S)

    async def _end_of(self, part: Part, server: Server) -> bool:
        """Wait until it has ended, or is stuck, which is true."""
        looks, next_look = 0, time.monotonic() + _STUCK_AFTER_S
        while server.process.running:
            if part.is_stuck is not None and time.monotonic() >= next_look:
                looks = looks + 1 if await asyncio.to_thread(part.is_stuck) else 0
                if looks == _STUCK_LOOKS:
                    return True
                next_look = time.monotonic() + _STUCK_EVERY_S
            await asyncio.sleep(_WATCH_S)
        return False

    async def _stop_all(self) -> None:
        """Those that need others first, with their time to finish; those of one level at once."""
        depth = {part.name: self._depth(part) for part in self._parts}
        for level in sorted(set(depth.values()), reverse=True):
            names = [name for name in self._servers if depth[name] == level]
            await asyncio.gather(*(self._stop(name) for name in names))

    async def _stop(self, name: str) -> None:
        self._report(Change(name, "stopping"))
        await asyncio.to_thread(self._servers[name].stop)
        self._report(Change(name, "stopped"))

    def _depth(self, part: Part) -> int:
        known = {other.name: other for other in self._parts}
        return 1 + max((self._depth(known[need]) for need in part.after), default=0)
