"""One process at a time: a PostgreSQL advisory lock on a connection of its own, held like a lease.

The lock goes with its connection: at once when the holder dies, after 15 s of silence when it is frozen
(`idle_session_timeout`). Waiting processes ask once a second; waiting inside `pg_advisory_lock` would keep a
snapshot open and hold back vacuum for as long as it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg

from etter_common.events.supervisor import stop
from etter_common.logging import get_logger

if TYPE_CHECKING:
    from etter_common.platform import Platform
    from etter_common.settings import ServiceSettings

ASK_AGAIN_S: Final = 1.0
BEAT_S: Final = 3.0
_SILENCE_MS: Final = 15_000
_LOST: Final = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip
_log = get_logger(__name__)
T = TypeVar("T")


async def hold(platform: Platform, name: str, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    """Run `work` whenever this process gets the lease, for ever.

    `work` gets the connection, in the system scope, and has to use it at least every few seconds, or to run `beat`
    beside what it does or `keep` around it: a failing query is how it learns that the lease is lost.
    """
    while True:
        try:
            async with _connection(platform.settings) as connection:
                await _acquire(connection, f"{platform.settings.service}:{name}")
                _log.info("lease_taken", lease=name)
                await work(connection)
        except _LOST as error:
            _log.warning("lease_lost", lease=name, error_type=type(error).__name__)
        await asyncio.sleep(ASK_AGAIN_S)


async def beat(connection: asyncpg.Connection) -> None:
    """Keep a lease whose connection nobody else uses; raises when it is lost."""
    while True:
        await asyncio.sleep(BEAT_S)
        await connection.execute("SELECT 1")


async def keep(connection: asyncpg.Connection, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which leaves the connection alone and may take long; it is ended when the lease is lost."""
    task = asyncio.create_task(work)
    try:
        while not task.done():
            done, _ = await asyncio.wait({task}, timeout=BEAT_S)
            if not done:
                await connection.execute("SELECT 1")
        return task.result()
    finally:
        await stop(task)


@asynccontextmanager
async def _connection(settings: ServiceSettings) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        settings.database_url.replace("postgresql+asyncpg://", "postgresql://", 1),
        timeout=5,
        command_timeout=10,
        server_settings={
            "application_name": f"etter-{settings.service}-lease",
            "idle_session_timeout": str(_SILENCE_MS),
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "2",
            "timezone": "UTC",
        },
    )
    try:
        await connection.execute("SELECT set_config('app.scope', 'system', false)")
        yield connection
    finally:
        connection.terminate()


async def _acquire(connection: asyncpg.Connection, name: str) -> None:
    while True:
        if await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name):
            return
        await asyncio.sleep(ASK_AGAIN_S)
