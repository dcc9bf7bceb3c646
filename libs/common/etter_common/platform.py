"""What one process of a service stands on: database, NATS, Redis, cache, limits, keys. Opened once, used everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import structlog
from nats.errors import NoServersError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from sqlalchemy import text

from etter_common import api_keys, auth
from etter_common.api_keys import ApiKeys
from etter_common.auth import KeyRing, Principal, Revocations, TokenVerifier
from etter_common.cache import Cache
from etter_common.context import Context, Origin
from etter_common.db.engine import make_engine, time_limits, watch_pool
from etter_common.db.replica import Replica
from etter_common.db.session import Database
from etter_common.events.probe import TIMEOUT_S, StoreProbe
from etter_common.events.supervisor import supervised
from etter_common.health import HealthRegistry
from etter_common.ids import new_id
from etter_common.limits import Policies
from etter_common.messaging import Nats, places
from etter_common.ratelimit import RateLimiter
from etter_common.settings import ServiceSettings
from etter_common.watch import BucketWatch

log = structlog.get_logger(__name__)
_REDIS_TIMEOUT_S = 0.2
_NATS_CLOSE_S = 2.0
_SNAPSHOTS_S = 1.0
PartT = TypeVar("PartT")


@dataclass
class Platform:
    """The open connections and the parts that live on them."""

    settings: ServiceSettings
    db: Database
    nats: Nats
    redis: Redis
    cache: Cache
    limiter: RateLimiter
    policies: Policies
    keys: KeyRing
    revocations: Revocations
    api_keys: ApiKeys
    tokens: TokenVerifier
    health: HealthRegistry
    parts: dict[type[Any], Any] = field(default_factory=dict)

    def provide(self, part: object) -> None:
        """Add what the service itself keeps for the life of the process; there is one of each type."""
        self.parts[type(part)] = part

    def part(self, kind: type[PartT]) -> PartT:
        """What the service provided at start, by its type."""
        found: PartT = self.parts[kind]
        return found

    def context(
        self, *, origin: Origin | None = None, company_id: UUID | None = None,
        principal: Principal | None = None, system: bool = False, read_only: bool = False,
    ) -> Context:  # fmt: skip
        """A unit of work; end it by `finish`, or use `work`. One that is `read_only` may go to the replica."""
        origin = origin or Origin(request_id=str(new_id()))
        return Context(
            self, origin=origin, company_id=company_id, principal=principal, system=system, read_only=read_only
        )

    @asynccontextmanager
    async def work(
        self, *, origin: Origin | None = None, company_id: UUID | None = None, system: bool = False,
        principal: Principal | None = None,
    ) -> AsyncIterator[Context]:  # fmt: skip
        """A unit of work outside a request: committed at the end of the block, rolled back by an exception."""
        ctx = self.context(origin=origin, company_id=company_id, system=system, principal=principal)
        try:
            yield ctx
        except BaseException as error:
            await ctx.finish(error)
            raise
        await ctx.finish()


@asynccontextmanager
async def open_platform(settings: ServiceSettings) -> AsyncIterator[Platform]:
    """Connect to everything and start what runs beside requests; closes it all in reverse order.

    Waits for NATS; the database and Redis are connected to at first use.
    """
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(_database(settings))
        redis = make_redis(settings)
        stack.push_async_callback(redis.aclose)
        client = await connect_nats(settings)
        stack.push_async_callback(_close_nats, client)
        cache = Cache(service=settings.service, redis=redis, nats=client, l1_max_bytes=settings.cache_l1_bytes)
        await cache.start()
        stack.push_async_callback(cache.close)
        keys, revocations = KeyRing(max_age_s=settings.signing_keys_max_age_s), Revocations()
        known_keys = ApiKeys(max_age_s=settings.api_keys_max_age_s)
        lifetime, copies = auth.REVOCATIONS_KEPT_S, settings.nats_replicas
        await _follow(
            stack,
            BucketWatch(client, auth.KEYS_BUCKET, keys, on_delete=keys.drop, replicas=copies),
            BucketWatch(client, auth.REVOCATIONS_BUCKET, revocations, ttl_s=lifetime, replicas=copies),
            BucketWatch(client, api_keys.BUCKET, known_keys, on_delete=known_keys.drop, replicas=copies),
        )
        platform = Platform(
            settings=settings,
            db=db,
            nats=client,
            redis=redis,
            cache=cache,
            limiter=RateLimiter(redis, service=settings.service),
            policies=Policies.of(settings),
            keys=keys,
            revocations=revocations,
            api_keys=known_keys,
            tokens=TokenVerifier(keys, revocations, known_keys),
            health=HealthRegistry(),
        )
        _add_checks(platform)
        yield platform


@asynccontextmanager
async def _database(settings: ServiceSettings) -> AsyncIterator[Database]:
    pooled = settings.pooler_url is not None
    engine = make_engine(settings, url=settings.pooler_url, pooled=pooled)
    watch_pool(engine)
    replica = None
    if settings.replica_url is not None:
        replica = Replica(make_engine(settings, url=settings.replica_url), max_lag_s=settings.replica_max_lag_s)
    async with AsyncExitStack() as stack:
        db = Database(engine, replica=replica, settings=time_limits(settings) if pooled else None)
        stack.push_async_callback(db.close)
        if replica is not None:
            await stack.enter_async_context(supervised("replica", lambda: replica.watch(engine)))
        yield db


def make_redis(settings: ServiceSettings) -> Redis:
    """A client whose every call ends within two short timeouts; the library's own would hold a request for a minute."""
    return Redis.from_url(
        settings.redis_url,
        socket_timeout=_REDIS_TIMEOUT_S,
        socket_connect_timeout=_REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
        max_connections=50,
    )


async def connect_nats(settings: ServiceSettings) -> Nats:
    """A client that reconnects for ever; raises `SystemExit` in words when no server answers."""
    client = Nats(settings.nats_url)
    try:
        await client.open(
            name=f"etter-{settings.service}",
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,
            connect_timeout=2,
            ping_interval=10,
            max_outstanding_pings=2,
            pending_size=8 * 1024 * 1024,
        )
    except (NoServersError, OSError) as error:
        raise SystemExit(f"etter-{settings.service}: NATS does not answer at {places(settings.nats_url)}") from error
    return client


async def _close_nats(client: Nats) -> None:
    """A dead or frozen server must not hold the process back."""
    with suppress(Exception):
        async with asyncio.timeout(_NATS_CLOSE_S):
            await client.close()


async def _follow(stack: AsyncExitStack, *watches: BucketWatch) -> None:
    """Start them, and let them read what is there: whose bearer counts is not refused by a process that starts.

    Where that takes longer, JetStream is away: it starts with what it hears then.
    """
    for watch in watches:
        await watch.start()
        stack.push_async_callback(watch.close)
    with suppress(TimeoutError):
        async with asyncio.timeout(_SNAPSHOTS_S):
            for watch in watches:
                await watch.loaded.wait()


def _add_checks(platform: Platform) -> None:
    async def database() -> None:
        async with platform.db.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def nats() -> None:
        if not platform.nats.is_connected:
            raise ConnectionError("not connected")

    async def redis() -> None:
        await platform.redis.ping()

    platform.health.add("database", database)
    platform.health.add("nats", nats, required=False)  # reads and writes go on, events wait in the outbox
    platform.health.add("jetstream", StoreProbe(platform).check, required=False, timeout_s=TIMEOUT_S)
    platform.health.add("redis", redis, required=False)
