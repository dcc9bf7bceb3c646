"""Runs a folder's stack in this process, alone, and writes down what runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from etter_devstack import preflight
from etter_devstack.leftovers import start_watchdog, stop_leftovers
from etter_devstack.servers.identity import forget_orphans
from etter_devstack.servers.ports import PortClaims
from etter_devstack.stack import Plan
from etter_devstack.state import Home, Running, State, started_at
from etter_devstack.supervisor import Change, Supervisor

Report = Callable[[Change], None]
WhenReady = Callable[[Plan], Awaitable[None]]


class AlreadyRunning(Exception):
    """This folder's stack runs already; `state` says where, unless it has only begun to start."""

    def __init__(self, state: State | None) -> None:
        super().__init__("already running")
        self.state = state


class Book:
    """Keeps the folder's state file true."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        me = Running("supervisor", os.getpid(), started_at(os.getpid()), "", str(plan.home.logs / "supervisor.log"))
        self._state = State(me, plan.ingress_url)
        self._restarts: dict[str, int] = {}
        plan.home.write_state(self._state)

    def note(self, change: Change) -> None:
        if change.how == "restarting":
            self._restarts[change.name] = self._restarts.get(change.name, 0) + 1
        elif change.how == "stopped":
            self._state.parts.pop(change.name, None)
        elif change.pid is not None:
            self._state.parts[change.name] = self._running(change.name, change.pid)
        with suppress(OSError):  # a full disk must not end what runs: the next change writes it down
            self._plan.home.write_state(self._state)

    def all_ready(self) -> None:
        self._state = replace(self._state, is_ready=True)
        self._plan.home.write_state(self._state)

    def _running(self, name: str, pid: int) -> Running:
        return Running(
            name, pid, started_at(pid), self._plan.urls()[name], str(self._plan.home.logs / f"{name}.log"),
            self._plan.health_urls().get(name), self._restarts.get(name, 0),
        )  # fmt: skip


def run(
    home: Home,
    *,
    report: Report,
    port: int | None = None,
    only: tuple[str, ...] = (),
    reload: str | None = None,
    when_ready: WhenReady | None = None,
    stay: bool = True,
) -> None:
    """Run until SIGINT or SIGTERM, or without `stay` until `when_ready` is done; it runs once, beside the watching.

    Raises `StartError` in plain words, or `AlreadyRunning`. Nothing of the stack is left afterwards, even if this
    process is killed. `only`: the parts to run, when not all.
    """
    preflight.check(home)
    if not home.lock():
        raise AlreadyRunning(home.running())
    claims = PortClaims()
    try:
        stop_leftovers(home)
        forget_orphans()
        plan = Plan.of(home, claims, port=port, only=only, reload=reload)
        _run(plan, report, when_ready, stay=stay)
    finally:
        claims.close()
        home.unlock()


def _run(plan: Plan, report: Report, when_ready: WhenReady | None, *, stay: bool) -> None:
    book = Book(plan)
    watchdog = start_watchdog(plan.home)

    def tell(change: Change) -> None:
        book.note(change)
        report(change)

    async def ready() -> None:
        book.all_ready()
        if when_ready is not None:
            await when_ready(plan)

    try:
        asyncio.run(Supervisor(plan.parts(), tell).run(ready, stay=stay))
    finally:
        plan.home.forget_state()
        if watchdog.stdin is not None:
            watchdog.stdin.close()
        watchdog.wait()
