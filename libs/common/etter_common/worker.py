"""The main of a worker process: the platform, its background parts, health on its own port, a graceful end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from etter_common import garbage, logging, scratch, tracing
from etter_common.events.supervisor import stop
from etter_common.health import HealthRegistry, health_app
from etter_common.loop_lag import watched_loop
from etter_common.platform import Platform, open_platform
from etter_common.settings import ServiceSettings

if TYPE_CHECKING:
    from etter_common.app import Background

_log = logging.get_logger(__name__)


def run_worker(settings: ServiceSettings, *background: Background) -> None:
    """Run `background` until SIGTERM or SIGINT, then let each part finish or hand back what it holds."""
    logging.configure(settings.service, settings.log_level, settings.environment)
    tracing.configure(settings)
    uvloop.run(_main(settings, background))


async def _main(settings: ServiceSettings, background: tuple[Background, ...]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, tracing.shutdown)
        await asyncio.to_thread(scratch.sweep)
        platform = await stack.enter_async_context(open_platform(settings))
        stack.enter_context(watched_loop())
        await stack.enter_async_context(_health(platform, settings.worker_host, settings.worker_port))
        for part in background:
            await stack.enter_async_context(part(platform))
        garbage.settle()
        platform.health.start()
        _log.info("worker_started", port=settings.worker_port)
        await stopping.wait()
        platform.health.drain()
        _log.info("worker_draining")


@asynccontextmanager
async def _health(platform: Platform, host: str, port: int) -> AsyncGenerator[None]:
    """Serve liveness, readiness and metrics on `port`; with port 0 not at all."""
    if not port:
        yield
        return
    server = _HealthServer(_config(platform.health, host, port))
    task = asyncio.create_task(server.serve(), name="health")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=2)
        await stop(task)


def _config(health: HealthRegistry, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        health_app(health), host=host, port=port, lifespan="off", access_log=False, log_config=None,
        server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip


class _HealthServer(uvicorn.Server):
    """The worker handles signals itself."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
