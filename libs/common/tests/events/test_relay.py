"""The outbox reaches the stream: everything, in order, through lost servers and with several replicas."""

from __future__ import annotations

import asyncio
import pkgutil
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Any, ClassVar
from uuid import UUID

import pytest
from nats.js.api import ConsumerConfig, DeliverPolicy

from etter_common import metrics
from etter_common.cache import CacheKey, Terms
from etter_common.events import lease, streams
from etter_common.events import relay as relay_module
from etter_common.events.envelope import MAX_BYTES, Event, EventPayload, EventTooLarge
from etter_common.events.relay import relay
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, Effect, step, until


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
        counted = metrics.EVENTS_PUBLISHED.labels("probe.step.taken.v1")
        before = counted._value.get()
        async with relay(platform):
            async with platform.work(company_id=company_id) as ctx:
                await ctx.publish(event)
            await until(lambda: outbox_is_empty(backbone))
        raw = await platform.nats.jetstream().get_last_msg(streams.EVENTS, event.subject)
        assert raw.headers is not None
        assert raw.headers["ce-id"] == raw.headers["Nats-Msg-Id"] == str(event.id)
        assert raw.headers["ce-type"] == "probe.step.taken.v1"
        assert raw.data == b'{"number":7}'
        assert counted._value.get() == before + 1

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
        counted = metrics.EVENTS_PUBLISHED.labels(event.type)
        before = counted._value.get()
        await streams.ensure(platform)
        await platform.nats.jetstream().publish(event.subject, event.body(), headers=event.headers())
        async with relay(platform):
            async with platform.work(company_id=company_id) as ctx:
                await ctx.publish(event)
            await until(lambda: outbox_is_empty(backbone))
        assert await published(platform) == {str(event.aggregate_id): bodies(1)}
        assert counted._value.get() == before

    async def test_tags_of_a_lost_process_are_dropped_from_the_cache(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        key = CacheKey.of(company_id, "things", {})
        loads: list[bytes] = []

        async def load() -> bytes:
            loads.append(b"x")
            return b"value"

        await platform.cache.get_or_load(key, load, Terms.of(ttl_s=60, tags=["steps"]))
        ctx = platform.context(company_id=company_id)
        ctx.invalidate("steps")
        await _commit_and_die(ctx)
        async with relay(platform):
            await until(lambda: outbox_is_empty(backbone))
        await platform.cache.get_or_load(key, load, Terms.of(ttl_s=60, tags=["steps"]))
        assert len(loads) == 2

    async def test_tags_that_the_process_dropped_itself_are_not_dropped_again(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        key = CacheKey.of(company_id, "things", {})
        loads: list[bytes] = []

        async def load() -> bytes:
            loads.append(b"x")
            return b"value"

        assert platform.cache._shared is not None
        platform.cache._shared._budget_s = 30.0  # a busy machine's Redis is not away
        async with platform.work(company_id=company_id) as ctx:
            ctx.invalidate("steps")
        await platform.cache.get_or_load(key, load, Terms.of(ttl_s=3600, tags=["steps"]))
        async with relay(platform):
            await until(lambda: outbox_is_empty(backbone))
        await platform.cache.get_or_load(key, load, Terms.of(ttl_s=3600, tags=["steps"]))
        assert len(loads) == 1

    async def test_one_too_large_for_the_stream_is_refused_with_all_that_was_written(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """In the outbox it would stand in front of its aggregate for ever."""

        class Told(EventPayload):
            type: ClassVar[str] = "probe.tale.told.v1"

            text: str

        event = Event.of(Told(text="x" * MAX_BYTES), company_id=company_id, aggregate_id=new_id())
        ctx = platform.context(company_id=company_id)
        ctx.session.add(Effect(company_id=company_id, subject="s", note="n"))
        await ctx.publish(event)
        with pytest.raises(EventTooLarge):
            await ctx.finish()
        assert await backbone.notes() == []
        assert await outbox_is_empty(backbone)


class TestWakeUp:
    """With a timer of an hour only the notification wakes it, without the notification only the timer."""

    async def test_a_commit_wakes_it(self, backbone: Backbone, platform: Platform, company_id: UUID) -> None:
        await streams.ensure(platform)
        async with relay(platform, sweep_s=3600):
            for number in range(3):  # after the first it is asleep
                await take_steps(platform, company_id, new_id(), range(number, number + 1))
                await until(lambda: outbox_is_empty(backbone))

    async def test_a_lost_wake_up_is_made_good_by_the_timer(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        await backbone.fetch("ALTER TABLE outbox DISABLE TRIGGER outbox_wake")
        async with relay(platform):
            for number in range(2):
                await take_steps(platform, company_id, new_id(), range(number, number + 1))
                await until(lambda: outbox_is_empty(backbone))


class TestMetrics:
    async def test_what_waits_and_for_how_long_is_told_while_it_holds_the_lease(
        self, backbone: Backbone, platform: Platform
    ) -> None:
        insert = """
            INSERT INTO outbox (id, aggregate_id, subject, payload, created_at)
            VALUES ($1, $2, 'etter.a.b.c.v1.-.x', $3, now() - interval '2 hours')
        """
        await backbone.fetch(insert, new_id(), new_id(), b"x" * 2_000_000)  # nobody can publish it
        async with relay(platform):
            await until(lambda: _is_told(7200.0))
            assert metrics.OUTBOX_PENDING._value.get() == 1
        assert (metrics.OUTBOX_AGE_S._value.get(), metrics.OUTBOX_PENDING._value.get()) == (0, 0)


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
            await until(lambda: outbox_is_empty(backbone))
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

    async def test_of_several_one_works_at_a_time(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """Rows locked one by one would let two of them swap an aggregate's events, or send them both."""
        aggregates = [new_id() for _ in range(3)]
        duplicates = metrics.OUTBOX_PUBLISHED.labels("duplicate")
        before = duplicates._value.get()
        async with AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(relay(await stack.enter_async_context(backbone.platform())))
            await asyncio.gather(*(take_steps(platform, company_id, each, range(40)) for each in aggregates))
            await until(lambda: outbox_is_empty(backbone))
        assert await published(platform) == {str(aggregate): bodies(40) for aggregate in aggregates}
        assert duplicates._value.get() == before

    async def test_a_batch_that_outlives_its_lease_is_not_counted_as_sent(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The rows stay for the next holder, who sends them in their order; the stream has each of them once."""
        monkeypatch.setattr(lease, "BEAT_S", 0.05)
        gate = _Gate(monkeypatch)
        aggregate = new_id()
        await streams.ensure(platform)
        await take_steps(platform, company_id, aggregate, range(5))
        async with relay(platform):
            await gate.reached.wait()
            [[first]] = await backbone.fetch(_LEASE.format("pid"))
            await backbone.fetch("SELECT pg_terminate_backend($1)", first)
            await until(lambda: _another_holds(backbone, first))
            assert [row[0] for row in await backbone.fetch("SELECT count(*) FROM outbox")] == [5]
            gate.open.set()
            await until(lambda: outbox_is_empty(backbone))
        assert await published(platform) == {str(aggregate): bodies(5)}

    async def test_the_lease_is_kept_through_a_long_publish(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """PostgreSQL ends a session that says nothing for 15 s, and with it the lease."""
        monkeypatch.setattr(lease, "BEAT_S", 0.05)
        gate = _Gate(monkeypatch)
        await streams.ensure(platform)
        await take_steps(platform, company_id, new_id(), range(1))
        async with relay(platform):
            await gate.reached.wait()
            moments: set[object] = set()
            await until(lambda: _heard_from(backbone, moments, times=3))
            gate.open.set()
            await until(lambda: outbox_is_empty(backbone))

    @pytest.mark.parametrize(
        "stuck", ["nats.js.client.JetStreamContext.publish", "etter_common.cache.Cache.invalidate_rest"]
    )
    async def test_a_call_that_never_ends_is_given_up_and_made_again(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch, stuck: str
    ) -> None:
        owner, _, name = stuck.rpartition(".")
        once = [asyncio.Event()]
        real = getattr(pkgutil.resolve_name(owner), name)

        async def hang_once(*given: Any, **more: Any) -> Any:
            if once:
                await once.pop().wait()
            return await real(*given, **more)

        monkeypatch.setattr(stuck, hang_once)
        monkeypatch.setattr(relay_module, "_STEP_TIMEOUT_S", 0.2)
        async with relay(platform):
            async with platform.work(company_id=company_id) as ctx:
                await ctx.publish(step(new_id(), 0, company_id))
                ctx.stale_tags.add("steps")
                ctx.stale_change = str(new_id())
            await until(lambda: outbox_is_empty(backbone))
        assert once == []

    async def test_a_lost_database_connection_is_made_anew(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        """With a timer of an hour it is the loss itself that wakes it."""
        aggregate = new_id()
        async with relay(platform, sweep_s=3600):
            await take_steps(platform, company_id, aggregate, range(5))
            await until(lambda: outbox_is_empty(backbone))
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etter-probe-lease'"
            assert len(await backbone.fetch(cut + " AND datname = current_database()")) == 1
            await take_steps(platform, company_id, aggregate, range(5, 10))
            await until(lambda: outbox_is_empty(backbone))
        assert await published(platform) == {str(aggregate): bodies(10)}

    async def test_one_aggregate_that_cannot_be_published_does_not_hold_up_the_others(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would fill every batch."""
        monkeypatch.setattr(relay_module, "BATCH", 2)
        stuck, free = new_id(), new_id()
        insert = "INSERT INTO outbox (id, aggregate_id, subject, payload) VALUES ($1, $2, 'etter.a.b.c.v1.-.x', $3)"
        for _ in range(3):
            await backbone.fetch(insert, new_id(), stuck, b"x" * 2_000_000)
        async with relay(platform):
            await take_steps(platform, company_id, free, range(3))
            await until(lambda: _only_left(backbone, stuck))
        assert await published(platform) == {str(free): bodies(3)}


_LEASE = """
    SELECT {} FROM pg_stat_activity
    WHERE application_name = 'etter-probe-lease' AND datname = current_database() AND pid <> pg_backend_pid()
"""


class _Gate:
    """Holds back every publish of this process until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        publish = relay_module._Relay._publish_row

        async def wait_first(relay: relay_module._Relay, row: object) -> None:
            self.reached.set()
            await self.open.wait()
            await publish(relay, row)

        monkeypatch.setattr(relay_module._Relay, "_publish_row", wait_first)


async def _another_holds(backbone: Backbone, first: int) -> bool:
    pids = [row[0] for row in await backbone.fetch(_LEASE.format("pid"))]
    return bool(pids) and first not in pids


async def _heard_from(backbone: Backbone, moments: set[object], *, times: int) -> bool:
    """Whether the lease's session has been used so often while somebody looked."""
    moments.update(row[0] for row in await backbone.fetch(_LEASE.format("query_start")))
    return len(moments) >= times


async def _is_told(age_s: float) -> bool:
    return bool(metrics.OUTBOX_AGE_S._value.get() >= age_s)


async def _some_published(platform: Platform) -> bool:
    if not platform.nats.is_connected:
        return False
    try:
        return (await platform.nats.jetstream(timeout=1).stream_info(streams.EVENTS)).state.messages > 50
    except Exception:
        return False


async def _only_left(backbone: Backbone, aggregate: UUID) -> bool:
    rows = await backbone.fetch("SELECT aggregate_id FROM outbox")
    return {row[0] for row in rows} == {aggregate}
