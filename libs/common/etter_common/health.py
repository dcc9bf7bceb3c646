"""Is this process alive, and should it get traffic? `/health/live`, `/health/ready`, `/metrics`: pure ASGI.

An API process mounts `health_app`, a worker serves it on its own port; the ingress routes none of these
paths.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from etter_common import metrics
from etter_common.clock import monotonic
from etter_common.errors import AppError
from etter_common.logging import get_logger

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Check = Callable[[], Awaitable[object]]
Status = Literal["starting", "ready", "degraded", "not_ready", "draining"]

LIVE: Final = "/health/live"
READY: Final = "/health/ready"
METRICS: Final = "/metrics"
HEALTH_PATHS: Final = frozenset({LIVE, READY, METRICS})

_log = get_logger(__name__)


@dataclass(frozen=True)
class CheckResult:
    """The last outcome of one check; `error` is the exception's class name, never its text."""

    status: Literal["up", "down"]
    required: bool
    latency_ms: float
    error: str | None = None


@dataclass(frozen=True)
class Report:
    status: Status
    checks: dict[str, CheckResult]

    @property
    def is_ready(self) -> bool:
        return self.status in ("ready", "degraded")


@dataclass(frozen=True)
class _Registered:
    check: Check
    required: bool
    timeout_s: float


class HealthRegistry:
    """The checks of one process and its state: starting until `start()`, ready, draining after `drain()`.

    A check passes by returning and fails by raising or by taking longer than its time. A failed required
    check takes the process out of traffic; any other only shows it as degraded. Results are kept for
    `cache_s`, so that probes cost the parts they look at one call per period however many probes come.
    """

    def __init__(self, *, cache_s: float = 1.0) -> None:
        self.draining = asyncio.Event()
        self._checks: dict[str, _Registered] = {}
        self._started = False
        self._cache_s = cache_s
        self._results: dict[str, CheckResult] = {}
        self._checked_at = float("-inf")
        self._running: asyncio.Task[None] | None = None

    def add(self, name: str, check: Check, *, required: bool = True, timeout_s: float = 1.0) -> None:
        self._checks[name] = _Registered(check, required, timeout_s)
        self._checked_at = float("-inf")

    def start(self) -> None:
        """Everything is set up: from now on readiness is what the checks say."""
        self._started = True

    def drain(self) -> None:
        """No new traffic: readiness says so, and open event streams end (they watch `draining`)."""
        self.draining.set()

    async def report(self) -> Report:
        """The state and every check's result, at most `cache_s` old; concurrent callers share one round."""
        if monotonic() - self._checked_at >= self._cache_s:
            if self._running is None:
                self._running = asyncio.create_task(self._check_all())
            await asyncio.shield(self._running)
        return Report(self._status(), dict(self._results))

    def _status(self) -> Status:
        if self.draining.is_set():
            return "draining"
        if not self._started:
            return "starting"
        down = [result for result in self._results.values() if result.status == "down"]
        if any(result.required for result in down):
            return "not_ready"
        return "degraded" if down else "ready"

    async def _check_all(self) -> None:
        try:
            names = list(self._checks)
            results = await asyncio.gather(*(self._check(name) for name in names))
            self._results = dict(zip(names, results, strict=True))
            self._checked_at = monotonic()
        finally:
            self._running = None

    async def _check(self, name: str) -> CheckResult:
        registered = self._checks[name]
        began = monotonic()
        error: str | None = None
        try:
            async with asyncio.timeout(registered.timeout_s):
                await registered.check()
        except Exception as failure:  # whatever a check raises is its answer
            error = type(failure.__cause__ if isinstance(failure, AppError) and failure.__cause__ else failure).__name__
        self._note_change(name, error)
        latency_ms = round((monotonic() - began) * 1000, 2)
        return CheckResult("down" if error else "up", registered.required, latency_ms, error)

    def _note_change(self, name: str, error: str | None) -> None:
        metrics.HEALTH.labels(name).set(0 if error else 1)
        before = self._results.get(name)
        if error and (before is None or before.status == "up"):
            _log.warning("health_check_failed", check=name, error_type=error)
        elif not error and before is not None and before.status == "down":
            _log.info("health_check_recovered", check=name)


def drain_on_signals(registry: HealthRegistry) -> None:
    """Begin to drain on SIGTERM or SIGINT, then let the handler that was there (the server's) do its part.

    The server waits for open responses before it tells the application of the shutdown, so without this an
    open event stream would hold it up for the whole grace period. Call it from the running loop; outside the
    main thread, where no signal arrives, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    def chain(number: signal.Signals) -> None:
        previous = signal.getsignal(number)

        def handle(received: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(registry.drain)
            if callable(previous):
                previous(received, frame)
            elif previous is signal.SIG_DFL:  # nobody else handles it: it ends the process as it always would
                signal.signal(received, signal.SIG_DFL)
                signal.raise_signal(signal.Signals(received))

        signal.signal(number, handle)

    chain(signal.SIGTERM)
    chain(signal.SIGINT)


def health_app(registry: HealthRegistry) -> ASGIApp:
    """Answers the three paths of `HEALTH_PATHS`, 404 to the rest. Live as long as the event loop turns."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            status, content_type, body = await _answer(registry, scope["method"], scope["path"])
            await _respond(send, status, content_type, body, bodiless=scope["method"] == "HEAD")

    return app


async def _answer(registry: HealthRegistry, method: str, path: str) -> tuple[int, str, bytes]:
    if path not in HEALTH_PATHS:
        return _json(404, {"status": "not_found"})
    if method not in ("GET", "HEAD"):
        return _json(405, {"status": "method_not_allowed"})
    if path == LIVE:
        return _json(200, {"status": "live"})
    if path == METRICS:
        body, content_type = metrics.render()
        return 200, content_type, body
    report = await registry.report()
    return _json(200 if report.is_ready else 503, report)


def _json(status: int, body: Any) -> tuple[int, str, bytes]:  # Any: whatever msgspec can write
    return status, "application/json", msgspec.json.encode(body)


async def _respond(send: Send, status: int, content_type: str, body: bytes, *, bodiless: bool) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
