"""Requests, a relay and a reader that may die between any two steps, against lists.

The promise checked: each committed event acts once, in the order of its aggregate, and nothing else does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from nats.js.api import RawStreamMsg

from etter_common.context import Context
from etter_common.events import lease, streams
from etter_common.events.consumer import _Consumer, on
from etter_common.events.envelope import Event
from etter_common.events.relay import _TAKE, BATCH, Backlog, _Relay
from etter_common.events.retry import RetryPolicy
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, Effect, StepTaken, backbone, step
from etter_common.testing.plugin import Servers

AGGREGATES = st.integers(0, 1)


class Died(Exception):
    """What a process does in the middle of its transaction."""


async def note(ctx: Context, event: Event) -> None:
    assert isinstance(event.payload, StepTaken)
    row = Effect(company_id=ctx.company_id, subject=str(event.aggregate_id), note=str(event.payload.number))
    ctx.session.add(row)
    await ctx.session.flush()


async def note_and_die(ctx: Context, event: Event) -> None:
    await note(ctx, event)
    raise Died


class OutboxMachine(RuleBasedStateMachine):
    """One database and one stream for all examples; each has a company and aggregates of its own."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    place: ClassVar[Backbone]
    platform: ClassVar[Platform]
    connection: ClassVar[asyncpg.Connection]

    def __init__(self) -> None:
        super().__init__()
        self.company = new_id()
        self.aggregates = [new_id(), new_id()]
        self.committed: list[list[int]] = [[], []]
        self.numbers = 0
        self.relay = _Relay(self.platform, self.connection, sweep_s=1, backlog=Backlog())
        self.read_up_to = self.run(self.last_in_stream())

    def run(self, work: Awaitable[Any]) -> Any:  # Any: each step's own result
        return self.loop.run_until_complete(asyncio.ensure_future(work, loop=self.loop))

    @rule(aggregate=AGGREGATES, count=st.integers(1, 3), commits=st.booleans())
    def write(self, aggregate: int, count: int, commits: bool) -> None:
        numbers = list(range(self.numbers, self.numbers + count))
        self.numbers += count
        self.run(self.publish(self.aggregates[aggregate], numbers, None if commits else Died()))
        if commits:
            self.committed[aggregate] += numbers

    @rule()
    def relay_all(self) -> None:
        self.run(self.relay._sweep())

    @rule(done=st.integers(0, 5))
    def relay_dies_before_it_deletes(self, done: int) -> None:
        async def publish_some() -> None:
            rows = await self.connection.fetch(_TAKE, [], BATCH)
            await self.relay._publish(rows[:done])

        self.run(publish_some())

    @rule(count=st.integers(1, 5))
    def read(self, count: int) -> None:
        last = min(self.read_up_to + count, self.run(self.last_in_stream()))
        for sequence in range(self.read_up_to + 1, last + 1):
            self.run(self.handle(sequence, note))
        self.read_up_to = last
        self.check(whole=False)

    @rule()
    def reader_dies_at_the_next(self) -> None:
        if self.read_up_to < self.run(self.last_in_stream()):
            self.run(self.handle(self.read_up_to + 1, note_and_die))

    @precondition(lambda self: any(self.committed))
    @rule(back=st.integers(0, 5))
    def one_is_delivered_again(self, back: int) -> None:
        self.run(self.handle(max(1, self.read_up_to - back), note, only_known=True))
        self.check(whole=False)

    @rule(back=st.integers(0, 5))
    def one_is_in_the_stream_again(self, back: int) -> None:
        """As after a relay that came back too late for the stream's own sieve."""
        self.run(self.copy(max(1, self.run(self.last_in_stream()) - back)))

    def teardown(self) -> None:
        while self.run(self.connection.fetchval("SELECT count(*) FROM outbox")):
            self.relay_all()
        self.read(10_000)
        self.check(whole=True)

    def check(self, *, whole: bool) -> None:
        for aggregate, committed in zip(self.aggregates, self.committed, strict=True):
            seen = self.run(self.effects(aggregate))
            assert seen == (committed if whole else committed[: len(seen)])

    async def publish(self, aggregate: UUID, numbers: list[int], error: Exception | None) -> None:
        ctx = self.platform.context(company_id=self.company)
        for number in numbers:
            await ctx.publish(step(aggregate, number, self.company))
        await ctx.finish(error)

    async def handle(self, sequence: int, handler: Any, *, only_known: bool = False) -> None:
        """What the consumer does with one delivery; those of other examples are not for this one."""
        message = await self.message(sequence)
        if (
            message is None
            or f".{self.company}." not in str(message.subject)
            or (only_known and sequence > self.read_up_to)
        ):
            return
        consumer = _Consumer(self.platform, (on(StepTaken, handler),), RetryPolicy(), 1)
        try:
            await consumer._handle(Event.read(message.headers or {}, message.data or b""))
        except Died:
            return

    async def copy(self, sequence: int) -> None:
        message = await self.message(sequence)
        if message is not None:
            headers = {**(message.headers or {}), "Nats-Msg-Id": str(new_id())}
            await self.platform.nats.jetstream().publish(str(message.subject), message.data or b"", headers=headers)

    async def message(self, sequence: int) -> RawStreamMsg | None:
        if sequence > await self.last_in_stream() or sequence < 1:
            return None
        return await self.platform.nats.jetstream().get_msg(streams.EVENTS, sequence)

    async def last_in_stream(self) -> int:
        return int((await self.platform.nats.jetstream().stream_info(streams.EVENTS)).state.last_seq)

    async def effects(self, aggregate: UUID) -> list[int]:
        rows = await self.place.fetch("SELECT note FROM effects WHERE subject = $1 ORDER BY id", str(aggregate))
        return [int(row["note"]) for row in rows]


@pytest.mark.timeout(900)
def test_each_committed_event_acts_once_and_in_order(servers: Servers, worker: str) -> None:
    machine = OutboxMachine
    machine.loop = asyncio.new_event_loop()
    run = machine.loop.run_until_complete
    stack = AsyncExitStack()
    try:
        machine.place = run(stack.enter_async_context(backbone(servers, worker)))
        machine.platform = run(stack.enter_async_context(machine.place.platform()))
        machine.connection = run(stack.enter_async_context(lease._connection(machine.platform.settings)))
        run(streams.ensure(machine.platform))
        quiet = [HealthCheck.too_slow]
        run_state_machine_as_test(
            machine,
            settings=settings(max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=quiet),
        )
    finally:
        run(stack.aclose())
        machine.loop.close()
