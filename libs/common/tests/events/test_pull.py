"""A reader never waits out a timeout for a message that is there: not after silence, an expiry, a loss or a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from etter_common.events import pull as pull_module
from etter_common.events import streams
from etter_common.events.pull import Pull
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, step, until

HOURS = 36_000.0
"""In the place of a timeout: whoever waits it out fails the test."""


class Reader:
    """Pulls as a consumer does, `demand` messages at a time, and acknowledges at once."""

    def __init__(self, platform: Platform, demand: int = 5) -> None:
        self.bodies: list[bytes] = []
        self._js = platform.nats.jetstream()
        self.pull = Pull(platform.nats, streams.EVENTS, "reader", demand=lambda: demand, ensure=self._ensure)

    async def _ensure(self) -> None:
        await streams.ensure_stream(self._js, streams.events_config())
        await self._js.add_consumer(streams.EVENTS, ConsumerConfig(durable_name="reader", ack_wait=HOURS))

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[None]:
        await self._ensure()
        task = asyncio.create_task(self._read())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _read(self) -> None:
        async for message in self.pull.messages():
            self.bodies.append(message.data)
            await message.ack()

    def has(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return len(self.bodies) >= count

        return check


@pytest.fixture
def reader(platform: Platform) -> Reader:
    return Reader(platform)


@pytest.fixture
def statuses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server has answered to requests, but for heartbeats."""
    told: list[str] = []
    on_status = Pull._on_status

    async def note(pull: Pull, number: int, headers: dict[str, str]) -> None:
        if headers.get("Status") != "100":
            told.append(str(headers.get("Status")))
        await on_status(pull, number, headers)

    monkeypatch.setattr(Pull, "_on_status", note)
    return told


async def send(platform: Platform, number: int) -> None:
    event = step(new_id(), number, new_id())
    await platform.nats.jetstream().publish(event.subject, event.body(), headers=event.headers())


class TestMessages:
    async def test_one_message_comes_though_five_were_asked_for(
        self, platform: Platform, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pull_module, "_EXPIRES_S", HOURS)
        monkeypatch.setattr(pull_module, "_SILENCE_S", HOURS)
        async with reader.reading():
            for number in range(1, 8):
                await send(platform, number)
                await until(reader.has(number))

    async def test_after_requests_that_expired_in_vain(
        self, platform: Platform, reader: Reader, statuses: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What stalls the client library's own fetch of several messages."""
        monkeypatch.setattr(pull_module, "_EXPIRES_S", 0.3)
        monkeypatch.setattr(pull_module, "_HEARTBEAT_S", 0.1)
        monkeypatch.setattr(pull_module, "_SILENCE_S", HOURS)
        async with reader.reading():
            for number in range(1, 4):
                expired = len(statuses)
                await until(lambda expired=expired: _longer(statuses, expired + 1))  # type: ignore[misc]
                await send(platform, number)
                await until(reader.has(number))
        assert set(statuses) == {"408"}

    async def test_a_request_that_got_lost_is_noticed_by_the_missing_heartbeats(
        self, platform: Platform, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pull_module, "_EXPIRES_S", HOURS)
        publish, lost = platform.nats.publish, asyncio.Event()

        async def lose_the_first(subject: str, *args: object, **options: object) -> None:
            if "CONSUMER.MSG.NEXT" in subject and not lost.is_set():
                lost.set()
                return
            await publish(subject, *args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(platform.nats, "publish", lose_the_first)
        async with reader.reading():
            await lost.wait()
            await send(platform, 1)
            await until(reader.has(1))

    async def test_after_a_restart_of_the_server(
        self, backbone: Backbone, platform: Platform, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The open requests died with it; nothing tells the client so."""
        monkeypatch.setattr(pull_module, "_EXPIRES_S", HOURS)
        monkeypatch.setattr(pull_module, "_SILENCE_S", HOURS)
        async with reader.reading():
            await send(platform, 1)
            await until(reader.has(1))
            await backbone.kill_nats()
            await backbone.start_nats()
            await until(lambda: _connected(platform))
            await send(platform, 2)
            await until(reader.has(2))
        assert reader.bodies == [b'{"number":1}', b'{"number":2}']

    async def test_a_slow_message_holds_up_no_other(self, platform: Platform, reader: Reader) -> None:
        """Requests are topped up while messages are held: nobody waits for a batch to be done with."""
        held = 0
        reader.pull._demand = lambda: 5 - held
        async with reader.reading():
            await send(platform, 1)
            await until(reader.has(1))
            held = 1  # the first stays in work
            for number in range(2, 12):
                await send(platform, number)
            await until(reader.has(11))

    async def test_it_asks_for_more_before_what_it_asked_for_is_used_up(self, platform: Platform) -> None:
        reader = Reader(platform, demand=4)
        async with reader.reading():
            for number in range(2):
                await send(platform, number)
            await until(lambda: _has_asked(reader, 2))
            assert len(reader.bodies) == 2

    async def test_what_has_arrived_and_was_not_taken_goes_back_at_the_end(
        self, platform: Platform, reader: Reader
    ) -> None:
        await reader._ensure()
        messages = reader.pull.messages()
        first: asyncio.Future[Msg] = asyncio.ensure_future(anext(messages))
        for number in range(3):
            await send(platform, number)
        await (await first).ack()
        await until(lambda: _are_delivered(platform, 3))
        await platform.nats.flush()
        await messages.aclose()
        async with Reader(platform).reading():
            await until(lambda: _none_is_open(platform))


async def _has_asked(reader: Reader, times: int) -> bool:
    return reader.pull._number >= times


async def _longer(found: list[str], count: int) -> bool:
    return len(found) >= count


async def _connected(platform: Platform) -> bool:
    return platform.nats.is_connected


async def _are_delivered(platform: Platform, count: int) -> bool:
    info = await platform.nats.jetstream().consumer_info(streams.EVENTS, "reader")
    return info.delivered is not None and info.delivered.consumer_seq >= count


async def _none_is_open(platform: Platform) -> bool:
    """With an `ack_wait` of hours nothing that was kept would come again."""
    info = await platform.nats.jetstream().consumer_info(streams.EVENTS, "reader")
    return not info.num_pending and not info.num_ack_pending
