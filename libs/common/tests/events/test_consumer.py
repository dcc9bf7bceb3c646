"""Events in: once, in order, tried again with growing delays, given up on in the open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from prometheus_client import Gauge

from etter_common import metrics
from etter_common.clock import monotonic
from etter_common.context import Context, Origin
from etter_common.events import dead_letters, inbox, streams
from etter_common.events.consumer import Handler, Subscription, consumers, on
from etter_common.events.envelope import Event
from etter_common.events.relay import relay
from etter_common.events.retry import PermanentError, RetryPolicy
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, Effect, StepTaken, step, until

FAST = RetryPolicy(tries=4, first_s=0.2, factor=2.0, jitter=0.0)


async def note(ctx: Context, event: Event) -> None:
    """Act on the event: a row with its number."""
    assert isinstance(event.payload, StepTaken)
    row = Effect(subject=str(event.aggregate_id), note=str(event.payload.number))
    row.company_id = ctx.company_id
    ctx.session.add(row)


async def send(platform: Platform, event: Event, *, copy: bool = False) -> None:
    """Straight into the stream; a `copy` gets past the stream's own sieve for duplicates."""
    headers = event.headers() | ({"Nats-Msg-Id": str(new_id())} if copy else {})
    await platform.nats.jetstream().publish(event.subject, event.body(), headers=headers)


async def noted(backbone: Backbone, aggregate: UUID) -> list[int]:
    rows = await backbone.fetch("SELECT note FROM effects WHERE subject = $1 ORDER BY id", str(aggregate))
    return [int(row["note"]) for row in rows]


def reads(backbone: Backbone, aggregate: UUID, count: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return len(await noted(backbone, aggregate)) >= count

    return check


def buried(platform: Platform, count: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return len(await dead_letters.list_letters(platform.nats)) >= count

    return check


@asynccontextmanager
async def consuming(platform: Platform, handler: Handler = note, **options: object) -> AsyncGenerator[None]:
    await streams.ensure(platform)
    subscription: Subscription = on(StepTaken, handler)
    settings = {"policy": FAST, **options}
    async with consumers(subscription, **settings)(platform):  # type: ignore[arg-type]  # options of the test
        yield


class TestOnce:
    async def test_an_event_delivered_twice_acts_once(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        first, marker = step(new_id(), 1, company_id), step(new_id(), 2, company_id)
        async with consuming(platform):
            await send(platform, first)
            await send(platform, first, copy=True)
            await send(platform, marker)
            await until(reads(backbone, marker.aggregate_id, 1))
            await until(lambda: _nothing_open(platform))
        assert await noted(backbone, first.aggregate_id) == [1]

    async def test_a_failed_handler_leaves_no_trace_of_its_try(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        event, tries = step(new_id(), 1, company_id), []

        async def fail_twice(ctx: Context, event: Event) -> None:
            await note(ctx, event)
            await ctx.session.flush()
            tries.append(event.id)
            if len(tries) < 3:
                raise RuntimeError("not yet")

        async with consuming(platform, fail_twice):
            await send(platform, event)
            await until(reads(backbone, event.aggregate_id, 1))
        assert len(tries) == 3
        assert await noted(backbone, event.aggregate_id) == [1]

    async def test_the_context_is_the_events_company_and_no_other(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        seen: list[tuple[UUID, bool, str]] = []

        async def look(ctx: Context, event: Event) -> None:
            seen.append((ctx.company_id, ctx.system, ctx.origin.request_id))
            await note(ctx, event)

        event = step(new_id(), 1, company_id)
        async with consuming(platform, look):
            headers = event.headers() | {"ce-requestid": "the-request"}
            await platform.nats.jetstream().publish(event.subject, event.body(), headers=headers)
            await until(reads(backbone, event.aggregate_id, 1))
        assert seen == [(company_id, False, "the-request")]

    async def test_old_inbox_rows_are_forgotten_and_young_ones_kept(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        insert = """
            INSERT INTO inbox (consumer, event_id, company_id, handled_at)
            VALUES ('probe', $1, $2, now() - $3::interval)
        """
        old, young = new_id(), new_id()
        await backbone.fetch(insert, old, company_id, inbox.KEPT * 1.01)
        await backbone.fetch(insert, young, company_id, inbox.KEPT * 0.99)
        await inbox.forget_old(platform)
        assert [row[0] for row in await backbone.fetch("SELECT event_id FROM inbox")] == [young]


class TestOrder:
    async def test_an_aggregates_events_are_handled_in_order_and_others_do_not_wait(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        slow, quick = new_id(), new_id()
        release = asyncio.Event()

        async def wait_for_release(ctx: Context, event: Event) -> None:
            if event.aggregate_id == slow:
                await release.wait()
            await note(ctx, event)

        async with consuming(platform, wait_for_release):
            for number in range(20):
                await send(platform, step(slow, number, company_id))
            await send(platform, step(quick, 0, company_id))
            await until(reads(backbone, quick, 1))
            assert await noted(backbone, slow) == []
            release.set()
            await until(reads(backbone, slow, 20))
        assert await noted(backbone, slow) == list(range(20))

    async def test_later_events_wait_for_one_that_is_tried_again(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        aggregate, tries = new_id(), 0

        async def stumble(ctx: Context, event: Event) -> None:
            nonlocal tries
            assert isinstance(event.payload, StepTaken)
            if event.payload.number == 1:
                tries += 1
                if tries < 3:
                    raise RuntimeError("not yet")
            await note(ctx, event)

        async with consuming(platform, stumble):
            for number in range(5):
                await send(platform, step(aggregate, number, company_id))
            await until(reads(backbone, aggregate, 5))
        assert await noted(backbone, aggregate) == list(range(5))

    async def test_a_second_replica_goes_on_in_order_after_the_first(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        aggregate = new_id()

        async def slowly(ctx: Context, event: Event) -> None:
            await asyncio.sleep(0.01)
            await note(ctx, event)

        async with backbone.platform() as second:
            async with consuming(platform, slowly):
                for number in range(80):
                    await send(platform, step(aggregate, number, company_id))
                await until(reads(backbone, aggregate, 10))
            async with consuming(second, slowly):
                await until(reads(backbone, aggregate, 80))
        assert await noted(backbone, aggregate) == list(range(80))


class TestFailures:
    async def test_a_poison_message_goes_to_the_dead_letters_after_its_tries_over_growing_delays(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        aggregate, tries = new_id(), []

        async def choke(ctx: Context, event: Event) -> None:
            assert isinstance(event.payload, StepTaken)
            if event.payload.number == 0:
                tries.append(monotonic())
                raise RuntimeError("cannot swallow")
            await note(ctx, event)

        async with consuming(platform, choke):
            await send(platform, step(aggregate, 0, company_id))
            await send(platform, step(aggregate, 1, company_id))
            await until(buried(platform, 1))
            await until(reads(backbone, aggregate, 1))
        waits = [later - sooner for sooner, later in pairwise(tries)]
        assert len(waits) == 3
        assert all(wait >= least for wait, least in zip(waits, (0.2, 0.4, 0.8), strict=True)), waits
        (letter,) = await dead_letters.list_letters(platform.nats, consumer="probe")
        assert letter.reason == "RuntimeError: cannot swallow"
        assert (letter.tries, letter.event_type, letter.company_id) == (4, "probe.step.taken.v1", str(company_id))
        assert letter.body == b'{"number":0}'

    async def test_a_replayed_dead_letter_is_handled_and_gone(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        event, healed = step(new_id(), 3, company_id), False

        async def refuse(ctx: Context, event: Event) -> None:
            if not healed:
                raise PermanentError("not with this release")
            await note(ctx, event)

        async with consuming(platform, refuse):
            await send(platform, event)
            await until(buried(platform, 1))
            (letter,) = await dead_letters.list_letters(platform.nats)
            assert letter.tries == 1
            healed = True
            await dead_letters.replay(platform.nats, letter.sequence)
            await until(reads(backbone, event.aggregate_id, 1))
        assert await dead_letters.list_letters(platform.nats) == []
        with pytest.raises(dead_letters.DeadLetterNotFound):
            await dead_letters.show(platform.nats, letter.sequence)

    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            ({"ce-type": "probe.step.forgotten.v1"}, b'{"number":1}'),
            ({"ce-type": "probe.step.taken.v1"}, b'{"number":"many"}'),
            ({"ce-type": "probe.step.taken.v1", "ce-id": "no-id"}, b'{"number":1}'),
            ({"ce-type": "probe.step.taken.v1", "ce-time": "yesterday"}, b'{"number":1}'),
            (None, b"\xff\xfe not json"),
        ],
        ids=["unknown type", "wrong payload", "wrong id", "wrong time", "no headers"],
    )
    async def test_what_cannot_be_read_is_buried_at_once(
        self, platform: Platform, company_id: UUID, headers: dict[str, str] | None, body: bytes
    ) -> None:
        event = step(new_id(), 1, company_id)
        sent = event.headers() | headers if headers is not None else None
        async with consuming(platform):
            await platform.nats.jetstream().publish(event.subject, body, headers=sent)
            await until(buried(platform, 1))
        (letter,) = await dead_letters.list_letters(platform.nats)
        assert (letter.tries, letter.body) == (1, body)
        assert "unreadable event" in letter.reason

    async def test_a_database_that_is_away_costs_no_tries(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        event, tries = step(new_id(), 1, company_id), 0

        async def lose_the_connection(ctx: Context, event: Event) -> None:
            nonlocal tries
            tries += 1
            await note(ctx, event)
            await ctx.session.flush()
            if tries == 1:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etter-probe'"
                await backbone.fetch(cut + " AND datname = current_database()")

        async with consuming(platform, lose_the_connection, policy=RetryPolicy(tries=1)):
            await send(platform, event)
            await until(reads(backbone, event.aggregate_id, 1))
        assert await dead_letters.list_letters(platform.nats) == []

    async def test_a_message_that_was_delivered_again_and_again_is_not_tried_for_ever(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when it kills its process each time: nobody is left to count the failures."""
        monkeypatch.setattr("etter_common.events.consumer.MAX_DELIVERIES", 0)
        async with consuming(platform):
            await send(platform, step(new_id(), 1, company_id))
            await until(buried(platform, 1))
        assert await backbone.notes() == []


class TestMetrics:
    async def test_what_is_not_handled_yet_is_told_also_by_a_reader_that_stands_still(
        self, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.events.consumer._MEASURE_S", 0.05)
        lag = metrics.CONSUMER_LAG.labels("probe")
        release, aggregate = asyncio.Event(), new_id()

        async def wait_for_release(_ctx: Context, _event: Event) -> None:
            await release.wait()

        async with consuming(platform, wait_for_release):
            for number in range(5):
                await send(platform, step(aggregate, number, company_id))
            await until(lambda: _shows(lag, 5))
            release.set()
            await until(lambda: _shows(lag, 0))
            release.clear()
            await send(platform, step(aggregate, 5, company_id))
            await until(lambda: _shows(lag, 1))
            release.set()
        assert lag._value.get() == 0, "who reads no more tells nothing"


class TestTraces:
    async def test_one_trace_from_the_request_through_the_outbox_to_the_handler_and_what_it_publishes(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        trace = f"00-{uuid4().hex}-00f067aa0ba902b7-01"
        answer = step(new_id(), 2, company_id)

        async def answer_once(ctx: Context, event: Event) -> None:
            await note(ctx, event)
            if event.aggregate_id != answer.aggregate_id:
                await ctx.publish(answer)

        async with relay(platform), consuming(platform, answer_once):
            origin = Origin(request_id="the-request", traceparent=trace)
            async with platform.work(origin=origin, company_id=company_id) as ctx:
                await ctx.publish(step(new_id(), 1, company_id))
            await until(reads(backbone, answer.aggregate_id, 1))
        raw = await platform.nats.jetstream().get_last_msg(streams.EVENTS, answer.subject)
        assert raw.headers is not None
        assert raw.headers["ce-requestid"] == "the-request"
        assert raw.headers["traceparent"].split("-")[1] == trace.split("-")[1]


class TestHealing:
    async def test_nats_killed_and_restarted(self, backbone: Backbone, platform: Platform, company_id: UUID) -> None:
        aggregate = new_id()
        async with consuming(platform):
            await send(platform, step(aggregate, 0, company_id))
            await until(reads(backbone, aggregate, 1))
            await backbone.kill_nats()
            await backbone.start_nats()
            await until(lambda: _connected(platform))
            await send(platform, step(aggregate, 1, company_id))
            await until(reads(backbone, aggregate, 2))
        assert await noted(backbone, aggregate) == [0, 1]

    async def test_a_deleted_consumer_is_made_again_and_nothing_acts_twice(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        aggregate = new_id()
        async with consuming(platform):
            await send(platform, step(aggregate, 0, company_id))
            await until(reads(backbone, aggregate, 1))
            await platform.nats.jetstream().delete_consumer(streams.EVENTS, "probe")
            await send(platform, step(aggregate, 1, company_id))
            await until(reads(backbone, aggregate, 2))
            await until(lambda: _nothing_open(platform))
        assert await noted(backbone, aggregate) == [0, 1]

    async def test_a_lost_stream_is_made_again(self, backbone: Backbone, platform: Platform, company_id: UUID) -> None:
        aggregate = new_id()
        async with consuming(platform):
            await send(platform, step(aggregate, 0, company_id))
            await until(reads(backbone, aggregate, 1))
            await platform.nats.jetstream().delete_stream(streams.EVENTS)
            await until(lambda: _stream_is_back(platform))
            await send(platform, step(aggregate, 1, company_id))
            await until(reads(backbone, aggregate, 2))


async def _nothing_open(platform: Platform) -> bool:
    info = await platform.nats.jetstream().consumer_info(streams.EVENTS, "probe")
    return not info.num_pending and not info.num_ack_pending


async def _shows(gauge: Gauge, value: float) -> bool:
    return bool(gauge._value.get() == value)


async def _connected(platform: Platform) -> bool:
    return platform.nats.is_connected


async def _stream_is_back(platform: Platform) -> bool:
    names = [info.config.name for info in await platform.nats.jetstream().streams_info()]
    return streams.EVENTS in names
