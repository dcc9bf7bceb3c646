"""Events and jobs under test: a database of one's own, and a NATS that may be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import asyncpg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from pydantic_settings import SettingsConfigDict
from sqlalchemy import Column, Connection, MetaData, Text, Uuid
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from etter_common.clock import monotonic
from etter_common.db.migrations import create_platform_tables, enable_row_security
from etter_common.db.models import COLUMN_TYPES, NAMING, CompanyMixin, IdMixin
from etter_common.db.provision import ServiceDatabase, provision
from etter_common.events.envelope import Event, EventPayload
from etter_common.ids import new_id
from etter_common.jobs import JobMixin, job_columns
from etter_common.jobs.migrations import add_fairness
from etter_common.platform import Platform, open_platform
from etter_common.settings import ServiceSettings
from etter_common.testing.plugin import Servers
from etter_devstack.servers import nats as nats_server


class ProbeSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="PROBE_", frozen=True, extra="ignore")
    service: ClassVar[str] = "probe"


class StepTaken(EventPayload):
    """The `number`-th step of its aggregate."""

    type: ClassVar[str] = "probe.step.taken.v1"

    number: int


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = COLUMN_TYPES


class Effect(IdMixin, CompanyMixin, Base):
    """What handlers and jobs of a test do: one row each time, in the order of `id`."""

    __tablename__ = "effects"

    subject: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)


class ProbeJob(IdMixin, CompanyMixin, JobMixin, Base):
    __tablename__ = "probe_jobs"


@dataclass
class Backbone:
    """Where a test's own servers are. `platform` opens as many processes' worth of connections as it likes."""

    settings: ProbeSettings
    nats: nats_server.Nats
    folder: Path
    owner_dsn: str

    @asynccontextmanager
    async def platform(self) -> AsyncGenerator[Platform]:
        async with open_platform(self.settings) as platform:
            yield platform

    async def kill_nats(self) -> None:
        await asyncio.to_thread(self.nats.process.kill)

    def hang_nats(self) -> None:
        """Connections stay open, and nothing comes any more."""
        os.kill(self.nats.process.pid, signal.SIGSTOP)

    def resume_nats(self) -> None:
        os.kill(self.nats.process.pid, signal.SIGCONT)

    async def start_nats(self) -> None:
        """Again, on the same port and with the same files."""
        self.nats = await asyncio.to_thread(start_nats, self.folder, self.nats.port)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """A look at the database from outside, past row-level security."""
        connection = await asyncpg.connect(self.owner_dsn)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
        finally:
            await connection.close()

    async def notes(self) -> list[str]:
        return [row["note"] for row in await self.fetch("SELECT note FROM effects ORDER BY id")]


def start_nats(folder: Path, port: int | None = None) -> nats_server.Nats:
    return nats_server.start(folder / "nats", log=folder / "nats.log", port=port)


@asynccontextmanager
async def backbone(servers: Servers, worker: str) -> AsyncGenerator[Backbone]:
    """A fresh database on the run's PostgreSQL and a NATS of its own; both gone afterwards."""
    target = ServiceDatabase(f"b_{worker}_{new_id().hex}", f"b_{worker}", password="test", owner_password="test")  # noqa: S106 - thrown away
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="etter-b-", ignore_cleanup_errors=True)))
        nats = await asyncio.to_thread(start_nats, folder)
        await provision(servers.postgres_dsn, target)
        stack.push_async_callback(_drop, servers.postgres_dsn, target.database)
        await _create_tables(target.migration_url(servers.postgres_dsn))
        settings = ProbeSettings(
            environment="test",
            database_url=target.url(servers.postgres_dsn),
            redis_url=servers.redis_url,
            nats_url=nats.url,
        )
        owner = _on_database(servers.postgres_dsn, target.database)
        backbone = Backbone(settings, nats, folder, owner)
        stack.callback(lambda: backbone.nats.process.kill())
        yield backbone


def step(aggregate: UUID, number: int, company_id: UUID) -> Event:
    return Event.of(StepTaken(number=number), company_id=company_id, aggregate_id=aggregate)


async def until(condition: Callable[[], Awaitable[bool]], *, timeout_s: float = 60) -> None:
    """Look again and again until it holds."""
    deadline = monotonic() + timeout_s
    while True:
        if await condition():
            return
        assert monotonic() < deadline, "did not come true in time"
        await asyncio.sleep(0.02)


async def _drop(admin_dsn: str, database: str) -> None:
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    finally:
        await connection.close()


async def _create_tables(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


def _migrate(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)) as operations:
        create_platform_tables()
        operations.create_table(
            "effects",
            Column("id", Uuid, primary_key=True),
            Column("company_id", Uuid, nullable=False),
            Column("subject", Text, nullable=False),
            Column("note", Text, nullable=False),
        )
        identity = (Column("id", Uuid, primary_key=True), Column("company_id", Uuid, nullable=False))
        operations.create_table("probe_jobs", *identity, *job_columns())
        add_fairness("probe_jobs", concurrently=False)
        enable_row_security("effects")
        enable_row_security("probe_jobs", system=True)


def _on_database(dsn: str, database: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
