"""Relay throughput and the time from commit to handled, on real servers of its own.

python -m bench.events
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from etter_common import logging
from etter_common.clock import monotonic
from etter_common.context import Context
from etter_common.events import streams
from etter_common.events.consumer import consumers, on
from etter_common.events.envelope import Event
from etter_common.events.relay import relay
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, StepTaken, backbone, step, until
from etter_common.testing.plugin import Servers
from etter_devstack.servers import TestServers

BACKLOG = 10_000
PACED, PER_SECOND = 1_000, 100


@asynccontextmanager
async def stack() -> AsyncGenerator[tuple[Backbone, Platform]]:
    async with AsyncExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        started = parts.enter_context(TestServers.start(folder, parts=("postgres", "valkey")))
        servers = Servers(started.postgres_dsn or "", started.redis_url or "", "")
        found = await parts.enter_async_context(backbone(servers, "bench"))
        yield found, await parts.enter_async_context(found.platform())


async def fill(platform: Platform, count: int, aggregates: int) -> None:
    company, ids = new_id(), [new_id() for _ in range(aggregates)]
    for start in range(0, count, 500):
        async with platform.work(company_id=company) as ctx:
            for number in range(start, start + 500):
                await ctx.publish(step(ids[number % aggregates], number, company))


async def backlog(found: Backbone, platform: Platform, aggregates: int) -> float:
    """Events per second out of a full outbox."""
    await streams.ensure(platform)
    await fill(platform, BACKLOG, aggregates)

    async def empty() -> bool:
        return bool((await found.fetch("SELECT count(*) FROM outbox"))[0][0] == 0)

    started = monotonic()
    async with relay(platform):
        await until(empty, timeout_s=120)
        return BACKLOG / (monotonic() - started)


async def consume(platform: Platform, waiting: int) -> float:
    """Events per second out of the stream into an empty handler."""
    seen, done = 0, asyncio.Event()

    async def count(_ctx: Context, _event: Event) -> None:
        nonlocal seen
        seen += 1
        if seen == waiting:
            done.set()

    started = monotonic()
    async with consumers(on(StepTaken, count))(platform):
        await done.wait()
        return waiting / (monotonic() - started)


async def latency(platform: Platform) -> list[float]:
    """Milliseconds from the commit of a request to the handler, at a steady pace."""
    sent: dict[int, float] = {}
    took: list[float] = []

    async def note(_ctx: Context, event: Event) -> None:
        assert isinstance(event.payload, StepTaken)
        if event.payload.number in sent:
            took.append((monotonic() - sent[event.payload.number]) * 1000)

    company = new_id()
    async with relay(platform), consumers(on(StepTaken, note))(platform):
        await asyncio.sleep(2)
        for number in range(1_000_000, 1_000_000 + PACED):
            async with platform.work(company_id=company) as ctx:
                await ctx.publish(step(new_id(), number, company))
                sent[number] = monotonic()  # the commit follows at once and counts
            await asyncio.sleep(1 / PER_SECOND)
        await asyncio.sleep(1)
    return took


async def main() -> None:
    logging.configure("bench", "error")
    async with stack() as (found, platform):
        for aggregates in (1_000, 10, 1):
            print(f"relay, {aggregates} aggregates: {await backlog(found, platform, aggregates):,.0f} events/s")
        print(f"consumer: {await consume(platform, 3 * BACKLOG):,.0f} events/s")
        took = sorted(await latency(platform))
        p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
        print(f"commit to handler at {PER_SECOND}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {len(took)} of {PACED}")


if __name__ == "__main__":
    asyncio.run(main())
