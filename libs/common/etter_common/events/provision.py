"""`python -m etter_common.events.provision`: make the streams, buckets and consumers of the table of accounts.

Run it before the services of each release, as with migrations: only this user and operators may make any, and services
wait for what is missing. `NATS_PROVISION_URL` names the user and its password. May be run again and beside services.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from nats.aio.client import Client
from nats.errors import NoServersError
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from etter_common import api_keys, auth
from etter_common.buckets import bucket
from etter_common.events import accounts, erasures, streams
from etter_common.messaging import Nats, places
from etter_common.settings import FileOrEnvironment

BUCKETS: Final[Mapping[str, float | None]] = {
    auth.KEYS_BUCKET: None,
    auth.REVOCATIONS_BUCKET: auth.REVOCATIONS_KEPT_S,
    api_keys.BUCKET: None,
    erasures.BUCKET: None,
}
"""Lifetime of their entries in seconds."""


class ProvisionSettings(FileOrEnvironment):
    model_config = SettingsConfigDict(env_prefix="NATS_", frozen=True, extra="ignore")

    provision_url: str = Field(description="user `provision`: makes streams, buckets and consumers")
    replicas: int = Field(default=1, ge=1, le=5, description="servers that keep each stream")


async def provision(client: Client, *, replicas: int = 1) -> None:
    rows = accounts.table()
    js = client.jetstream()
    wanted = [streams.events_config(), streams.dead_letters_config(), streams.health_config()]
    wanted += [streams.jobs_config(queue) for row in rows for queue in row.queues]
    for stream in wanted:
        await streams.ensure_stream(js, replace(stream, num_replicas=replicas))
    for name in accounts.buckets(rows):
        await bucket(client, name, ttl_s=BUCKETS[name], replicas=replicas)
    for row in rows:
        await js.add_consumer(streams.EVENTS, streams.events_consumer(row.service, row.hears))
        for queue in row.queues:
            await js.add_consumer(streams.jobs_stream(queue), streams.jobs_consumer())


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Nats]:
    client = Nats(url)
    try:
        await client.open(name="etter-provision", connect_timeout=2, max_reconnect_attempts=5, reconnect_time_wait=1)
    except (NoServersError, OSError) as error:
        raise SystemExit(f"NATS does not answer at {places(url)}") from error
    try:
        yield client
    finally:
        await client.close()


async def main(settings: ProvisionSettings) -> None:
    async with connected(settings.provision_url) as client:
        await provision(client, replicas=settings.replicas)
    sys.stdout.write("Streams, buckets and consumers are as the table of accounts has them.\n")


if __name__ == "__main__":
    asyncio.run(main(ProvisionSettings()))
