"""A service's fixtures: its migrated database, its running application, clients that check every answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from sqlalchemy import MetaData

from etter_common.auth import Principal
from etter_common.context import Context, Origin
from etter_common.db.provision import ServiceDatabase, provision
from etter_common.events.provision import connected
from etter_common.ids import new_id
from etter_common.messaging import Nats
from etter_common.platform import Platform
from etter_common.settings import ServiceSettings
from etter_common.testing.client import Caller, CheckedClient, TokenMint, plant_key
from etter_common.testing.plugin import OwnNats, Servers, own_nats

Clients = Callable[..., CheckedClient]


@dataclass(frozen=True)
class ServiceUnderTest:
    """Which service a `conftest.py` is for; `extra` are settings of its own for tests.

    `enrol` makes the rows that a caller needs, where the service is the authority about callers.
    """

    name: str
    settings: type[ServiceSettings]
    create: Callable[..., FastAPI]
    metadata: MetaData
    root: Path
    extra: dict[str, Any] | None = None
    enrol: Callable[[Platform, Principal], Awaitable[None]] | None = None


def alembic_config(root: Path, url: str) -> Config:
    """The service's Alembic configuration, bound to one database."""
    config = Config(str(root / "alembic.ini"))
    config.set_main_option("script_location", str(root / "migrations"))
    config.attributes["url"] = url
    return config


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The application with its lifespan, entered and left in one task of its own."""
    ready, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            ready.set()
            await stop.wait()

    task = asyncio.create_task(live(), name="lifespan")
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        await task
    try:
        yield app
    finally:
        stop.set()
        await task


def fixtures(unit: ServiceUnderTest) -> dict[str, Any]:  # noqa: C901 - a list of small fixtures, not branches
    """The fixtures of one service, to be put into its conftest's globals.

    `settings`, `app`, `platform` live as long as the run; the others belong to one test: `as_role` and `as_key` make
    clients of the test's company, with an access token or an API key.
    """

    @pytest.fixture(scope="session", name="database")
    async def database(servers: Servers, worker: str) -> ServiceDatabase:
        name = f"t_{unit.name}_{worker}"
        target = ServiceDatabase(name, name, password="test", owner_password="test")  # noqa: S106 - thrown away
        await provision(servers.postgres_dsn, target)
        config = alembic_config(unit.root, target.migration_url(servers.postgres_dsn))
        await asyncio.to_thread(command.upgrade, config, "head")
        return target

    @pytest.fixture(scope="session", name="nats_server")
    async def nats_server() -> AsyncIterator[OwnNats]:
        """The service's own: events of other services' tests are nothing it has to work through first."""
        async with own_nats(unit.name) as server:
            yield server

    @pytest.fixture(scope="session", name="nats_url")
    def nats_url(nats_server: OwnNats) -> str:
        return nats_server.url

    @pytest.fixture(name="operator")
    async def operator(nats_server: OwnNats) -> AsyncIterator[Nats]:
        """A connection to NATS that may do everything."""
        async with connected(nats_server.operator_url) as client:
            yield client

    @pytest.fixture(scope="session", name="settings")
    async def settings(servers: Servers, database: ServiceDatabase, nats_url: str) -> ServiceSettings:
        return unit.settings(
            environment="test",
            database_url=database.url(servers.postgres_dsn),
            migration_url=database.migration_url(servers.postgres_dsn),
            redis_url=servers.redis_url,
            nats_url=nats_url,
            rate_limit_requests=1_000_000,
            rate_limit_address_requests=1_000_000,
            queue_timeout_s=30,  # a busy machine is not what is tested
            **(unit.extra or {}),
        )

    @pytest.fixture(scope="session", name="app")
    async def app(settings: ServiceSettings) -> AsyncIterator[FastAPI]:
        async with running(unit.create(settings)) as application:
            yield application

    @pytest.fixture(scope="session", name="platform")
    async def platform(app: FastAPI) -> Platform:
        found: Platform = app.state.platform
        return found

    @pytest.fixture(scope="session", name="mint")
    def mint(platform: Platform) -> TokenMint:
        return TokenMint(platform.keys)

    @pytest.fixture(name="company_id")
    def company_id() -> UUID:
        return new_id()

    @pytest.fixture(name="as_role")
    async def as_role(app: FastAPI, platform: Platform, mint: TokenMint, company_id: UUID) -> AsyncIterator[Clients]:
        opened: list[CheckedClient] = []

        def make(
            role: str | None, *, company: UUID | None = None, user: UUID | None = None, key: bool = False
        ) -> CheckedClient:
            caller = Caller(user or new_id(), company or company_id, role) if role else None
            token, enrol = None, None
            if caller is not None:
                token = plant_key(platform.api_keys, caller) if key else mint.token(caller)
                enrol = unit.enrol and partial(unit.enrol, platform, platform.tokens.verify(token))
            client = CheckedClient(app, prefix=f"/api/{unit.name}/v1", caller=caller, token=token, enrol=enrol)
            opened.append(client)
            return client

        yield make
        for client in opened:
            await client.aclose()

    @pytest.fixture(name="as_key")
    def as_key(as_role: Clients) -> Clients:
        return partial(as_role, key=True)

    @pytest.fixture(name="client")
    def client(request: pytest.FixtureRequest, as_role: Clients) -> CheckedClient:
        marker = request.node.get_closest_marker("principal")
        return as_role(marker.args[0] if marker else None)

    @pytest.fixture(name="ctx")
    async def ctx(platform: Platform, company_id: UUID, mint: TokenMint) -> AsyncIterator[Context]:
        """A unit of work of an analyst of this test's company; commit it with `await ctx.finish()`."""
        principal = mint.principal(Caller(new_id(), company_id, "analyst"))
        context = platform.context(origin=Origin(request_id="test-request"), principal=principal)
        yield context
        await context.finish(asyncio.CancelledError())

    servers_made = (database, nats_server, nats_url, operator, settings, app, platform)
    made = (*servers_made, mint, company_id, as_role, as_key, client, ctx)
    return {f"_{unit.name}_{fixture.name}": fixture for fixture in made} | {"unit_under_test": _unit(unit)}


def _unit(unit: ServiceUnderTest) -> Any:
    @pytest.fixture(scope="session", name="unit_under_test")
    def unit_under_test() -> ServiceUnderTest:
        return unit

    return unit_under_test
