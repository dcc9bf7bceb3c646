"""The outbox reaches the stream: everything, in order, through lost servers and with several replicas."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from uuid import UUID

from nats.js.api import ConsumerConfig, DeliverPolicy

from etter_common.cache import CacheKey
from etter_common.events import streams
from etter_common.events.relay import relay
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, step, until


async def take_steps(platform: Platform, company_id: UUID, aggregate: UUID, numbers: range) -> None:
    """One transaction a step, as requests do it."""
    for number in numbers:
        async with platform.work(company_id=company_id) as ctx:
            await ctx.publish(step(aggregate, number, company_id))


async def published(platform: Platform) -> dict[str, list[bytes]]:
    """Bodies in the stream by aggregate, in the stream's order."""
    js = platform.nats.jetstream()
    info = await js.stream_info(streams.EVENTS)
    subscription = await js.pull_subscribe(
        "", stream=streams.EVENTS, config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
    )
    found: dict[str, list[bytes]] = defaultdict(list)
    for _ in range(info.state.messages):
        (message,) = await subscription.fetch(1, timeout=5)
        found[message.subject.rpartition(".")[2]].append(message.data)
        await message.ack()
    await subscription.unsubscribe()
    return found


async def outbox_is_empty(backbone: Backbone) -> bool:
    return bool((await backbone.fetch("SELECT count(*) FROM outbox"))[0][0] == 0)


def bodies(count: int) -> list[bytes]:
    return [b'{"number":%d}' % number for number in range(count)]


class TestPublishing:
    async def test_a_committed_event_is_in_the_stream_with_its_envelope(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        event = step(new_id(), 7, company_id)
        async with relay(platform):
            async with platform.work(company_id=company_id) as ctx:
                await ctx.publish(event)
            await until(lambda: outbox_is_empty(backbone))
        raw = await platform.nats.jetstream().get_last_msg(streams.EVENTS, event.subject)
        assert raw.headers is not None
        assert raw.headers["ce-id"] == raw.headers["Nats-Msg-Id"] == str(event.id)
        assert raw.headers["ce-type"] == "probe.step.taken.v1"
        assert raw.data == b'{"number":7}'

    async def test_a_rolled_back_event_is_not(self, backbone: Backbone, platform: Platform, company_id: UUID) -> None:
        async with relay(platform):
            ctx = platform.context(company_id=company_id)
            await ctx.publish(step(new_id(), 1, company_id))
            await ctx.finish(RuntimeError())
            await take_steps(platform, company_id, new_id(), range(1))
            await until(lambda: outbox_is_empty(backbone))
        assert [len(found) for found in (await published(platform)).values()] == [1]

    async def test_an_event_published_twice_is_in_the_stream_once(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """As when a relay dies after the acknowledgement and before it deletes the row."""
        event = step(new_id(), 0, company_id)
        await streams.ensure(platform)
        await platform.nats.jetstream().publish(event.subject, event.body(), headers=event.headers())
        async with relay(platform):
            async with platform.work(company_id=company_id) as ctx:
                await ctx.publish(event)
            await until(lambda: outbox_is_empty(backbone))
        assert await published(platform) == {str(event.aggregate_id): bodies(1)}

    async def test_tags_of_a_lost_process_are_dropped_from_the_cache(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        key = CacheKey.of(company_id, "things", {})
        loads: list[bytes] = []

        async def load() -> bytes:
            loads.append(b"x")
            return b"value"

        await platform.cache.get_or_load(key, load, ttl_s=60, tags=["steps"])
        ctx = platform.context(company_id=company_id)
        ctx.invalidate("steps")
        await _commit_and_die(ctx)
        async with relay(platform):
            await until(lambda: outbox_is_empty(backbone))
        await platform.cache.get_or_load(key, load, ttl_s=60, tags=["steps"])
        assert len(loads) == 2


async def _commit_and_die(ctx: object) -> None:
    """The transaction commits and the process dies before it has dropped the tags itself."""
    from etter_common.context import Context
    from etter_common.db import session
    from etter_common.events import outbox

    assert isinstance(ctx, Context)
    await outbox.write(ctx)
    await session.finish(ctx.session)


class TestFaults:
    async def test_nats_killed_under_load_loses_nothing_and_keeps_the_order(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        aggregates = [new_id() for _ in range(10)]
        async with relay(platform):
            writing = [
                asyncio.create_task(take_steps(platform, company_id, aggregate, range(60))) for aggregate in aggregates
            ]
            for _ in range(2):
                await until(lambda: _some_published(platform))
                await backbone.kill_nats()
                await asyncio.sleep(0.2)  # writes go on meanwhile
                await backbone.start_nats()
            await asyncio.gather(*writing)
            await until(lambda: outbox_is_empty(backbone), timeout_s=40)
        found = await published(platform)
        assert found == {str(aggregate): bodies(60) for aggregate in aggregates}

    async def test_a_second_replica_takes_over_when_the_first_is_gone(
        self, backbone: Backbone, company_id: UUID
    ) -> None:
        aggregate = new_id()
        async with AsyncExitStack() as stack:
            second = await stack.enter_async_context(backbone.platform())
            async with backbone.platform() as first, relay(first):
                await take_steps(first, company_id, aggregate, range(20))
                await until(lambda: outbox_is_empty(backbone))
                await stack.enter_async_context(relay(second))
                await take_steps(first, company_id, aggregate, range(20, 40))
            await take_steps(second, company_id, aggregate, range(40, 60))
            await until(lambda: outbox_is_empty(backbone))
            assert await published(second) == {str(aggregate): bodies(60)}

    async def test_a_lost_database_connection_is_made_anew(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        aggregate = new_id()
        async with relay(platform):
            await take_steps(platform, company_id, aggregate, range(5))
            await until(lambda: outbox_is_empty(backbone))
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etter-probe-lease'"
            assert len(await backbone.fetch(cut + " AND datname = current_database()")) == 1
            await take_steps(platform, company_id, aggregate, range(5, 10))
            await until(lambda: outbox_is_empty(backbone))
        assert await published(platform) == {str(aggregate): bodies(10)}

    async def test_one_aggregate_that_cannot_be_published_does_not_hold_up_the_others(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        stuck, free = new_id(), new_id()
        insert = "INSERT INTO outbox (id, aggregate_id, subject, payload) VALUES ($1, $2, 'etter.a.b.c.v1.-.x', $3)"
        await backbone.fetch(insert, new_id(), stuck, b"x" * 2_000_000)
        async with relay(platform):
            await take_steps(platform, company_id, free, range(3))
            await until(lambda: _only_left(backbone, stuck))
        assert await published(platform) == {str(free): bodies(3)}


async def _some_published(platform: Platform) -> bool:
    if not platform.nats.is_connected:
        return False
    try:
        return (await platform.nats.jetstream(timeout=1).stream_info(streams.EVENTS)).state.messages > 50
    except Exception:
        return False


async def _only_left(backbone: Backbone, aggregate: UUID) -> bool:
    rows = await backbone.fetch("SELECT aggregate_id FROM outbox")
    return [row[0] for row in rows] == [aggregate]
