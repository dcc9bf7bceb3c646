from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from etter_common import metrics
from etter_common.errors import Forbidden, Unauthenticated, Unavailable
from etter_common.sse import EventStream, ServerEvent, StillPermitted, event_stream


@dataclass
class Client:
    """The other end: what it got, and a switch to go away."""

    sent: list[Message] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    got: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        self.got.set()

    async def read(self, stream: EventStream, still_permitted: StillPermitted | None = None) -> str:
        state = SimpleNamespace(still_permitted=still_permitted)
        async with asyncio.timeout(60):
            await stream({"type": "http", "etter": state}, self.receive, self.send)
        return self.text

    async def until(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.text:
                self.got.clear()
                await self.got.wait()

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    @property
    def ended(self) -> bool:
        return self.sent[-1].get("more_body") is False


class Source:
    """Yields numbers after the last id, then waits for ever unless it is to end; notes that it was closed."""

    def __init__(self, count: int, *, ends: bool = True, fails: bool = False) -> None:
        self.count, self.ends, self.fails = count, ends, fails
        self.closed = False
        self.asked_after: str | None = None

    async def __call__(self, last_event_id: str | None) -> AsyncGenerator[ServerEvent, None]:
        self.asked_after = last_event_id
        try:
            for number in range(int(last_event_id or 0) + 1, self.count + 1):
                yield ServerEvent(f"{number}", event="progress", id=str(number))
            if self.fails:
                raise LookupError("the job is gone")
            if not self.ends:
                await asyncio.Event().wait()
        finally:
            self.closed = True


@pytest.fixture
def client() -> Client:
    return Client()


def parse(text: str) -> dict[str, str]:
    """The data and id a client would take from one event (WHATWG HTML §9.2.6)."""
    fields: dict[str, list[str]] = {}
    for line in text.split("\n"):
        if line and not line.startswith(":"):
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
    return {name: "\n".join(values) for name, values in fields.items()}


class TestServerEvent:
    def test_all_fields(self) -> None:
        event = ServerEvent('{"a":1}', event="progress", id="7", retry_ms=500)
        assert event.encode() == b'retry: 500\nid: 7\nevent: progress\ndata: {"a":1}\n\n'

    @given(st.text())
    def test_any_text_arrives_with_its_lines(self, data: str) -> None:
        encoded = ServerEvent(data).encode().decode()
        assert parse(encoded)["data"] == data.replace("\r\n", "\n").replace("\r", "\n")
        assert encoded.count("\n\n") == 1
        assert encoded.endswith("\n\n")

    @pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
    def test_a_name_or_id_cannot_forge_fields(self, bad: str) -> None:
        with pytest.raises(ValueError, match="one line"):
            ServerEvent("x", event=bad)
        with pytest.raises(ValueError, match="one line"):
            ServerEvent("x", id=bad)


class TestEventStream:
    async def test_events_then_the_end(self, client: Client) -> None:
        text = await client.read(event_stream(Source(2)))
        assert text == "retry: 2000\n\nid: 1\nevent: progress\ndata: 1\n\nid: 2\nevent: progress\ndata: 2\n\n"
        assert client.ended

    async def test_headers_keep_caches_and_proxies_out(self, client: Client) -> None:
        await client.read(event_stream(Source(0)))
        headers = dict(client.sent[0]["headers"])
        assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert headers[b"cache-control"] == b"no-store"
        assert headers[b"x-accel-buffering"] == b"no"
        assert b"content-length" not in headers

    async def test_it_goes_on_after_the_last_id(self, client: Client) -> None:
        text = await client.read(event_stream(Source(3), last_event_id="2"))
        assert "data: 3" in text
        assert "data: 2" not in text

    @pytest.mark.parametrize("bad", ["", "x" * 201, "a\x07b"])
    async def test_an_id_that_cannot_be_ours_counts_as_none(self, client: Client, bad: str) -> None:
        source = Source(1)
        await client.read(event_stream(source, last_event_id=bad))
        assert source.asked_after is None

    async def test_heartbeats_while_nothing_happens(self, client: Client) -> None:
        reading = asyncio.create_task(client.read(event_stream(Source(1, ends=False), heartbeat_s=0.01)))
        await client.until(": heartbeat\n\n: heartbeat\n\n")
        client.gone.set()
        await reading
        assert client.text.count("data: 1") == 1

    async def test_it_ends_at_once_when_the_client_goes(self, client: Client) -> None:
        source = Source(1, ends=False)
        reading = asyncio.create_task(client.read(event_stream(source)))
        await client.until("data: 1")
        client.gone.set()
        await reading
        assert source.closed
        assert not client.ended, "there is nobody to tell"

    async def test_a_source_whose_call_eats_the_end_is_asked_again(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("etter_common.events.supervisor.INSIST_S", 0.1)
        closed = asyncio.Event()

        async def source(_: str | None) -> AsyncGenerator[ServerEvent, None]:
            yield ServerEvent("1")
            try:
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                await asyncio.Event().wait()
            finally:
                closed.set()

        reading = asyncio.create_task(client.read(event_stream(source)))
        await client.until("data: 1")
        client.gone.set()
        await reading
        assert closed.is_set()

    async def test_it_ends_at_once_when_the_process_drains(self, client: Client) -> None:
        source, closing = Source(1, ends=False), asyncio.Event()
        reading = asyncio.create_task(client.read(event_stream(source, closing=closing)))
        await client.until("data: 1")
        closing.set()
        await reading
        assert source.closed
        assert client.ended

    async def test_one_opened_while_draining_ends_too(self, client: Client) -> None:
        closing = asyncio.Event()
        closing.set()
        await client.read(event_stream(Source(1, ends=False), closing=closing))
        assert client.ended

    async def test_a_source_that_fails_ends_the_stream(self, client: Client) -> None:
        source = Source(1, fails=True)
        text = await client.read(event_stream(source))
        assert client.ended
        assert source.closed
        assert "gone" not in text

    async def test_a_cancelled_response_closes_its_source(self, client: Client) -> None:
        source = Source(1, ends=False)
        reading = asyncio.create_task(client.read(event_stream(source)))
        await client.until("data: 1")
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert source.closed

    async def test_a_connection_that_breaks_while_writing_ends_it(self, client: Client) -> None:
        source = Source(5, ends=False)

        async def send(message: Message) -> None:
            if b"data: 2" in message.get("body", b""):
                raise OSError("broken pipe")
            await client.send(message)

        async with asyncio.timeout(60):
            await event_stream(source)({"type": "http"}, client.receive, send)
        assert source.closed

    @pytest.mark.parametrize("refusal", [Unauthenticated(), Forbidden(), Unavailable(), RuntimeError("a bug")])
    async def test_it_ends_once_its_reader_would_be_refused(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, refusal: Exception
    ) -> None:
        monkeypatch.setattr("etter_common.sse.PERMIT_CHECK_S", 0.001)
        source, looks, refused = Source(1, ends=False), 0, False

        async def still_permitted() -> None:
            nonlocal looks
            looks += 1
            if refused:
                raise refusal

        reading = asyncio.create_task(client.read(event_stream(source), still_permitted))
        await client.until("data: 1")
        async with asyncio.timeout(60):
            while looks < 3:  # noqa: ASYNC110 - in this loop, no timer
                await asyncio.sleep(0)
        assert not reading.done()
        refused = True
        await reading
        assert source.closed
        assert client.ended

    async def test_a_reader_who_takes_nothing_is_cut_off_too(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The source waits for the connection, not for events."""
        monkeypatch.setattr("etter_common.sse.PERMIT_CHECK_S", 0.001)
        source, stuck = Source(5, ends=False), asyncio.Event()

        async def still_permitted() -> None:
            if stuck.is_set():
                raise Unauthenticated

        async def send(message: Message) -> None:
            if b"data: 2" in message.get("body", b""):
                stuck.set()
                await asyncio.Event().wait()
            await client.send(message)

        scope = {"type": "http", "etter": SimpleNamespace(still_permitted=still_permitted)}
        async with asyncio.timeout(60):
            await event_stream(source)(scope, client.receive, send)
        assert source.closed

    async def test_open_streams_are_counted(self, client: Client) -> None:
        before = metrics.SSE_STREAMS._value.get()
        reading = asyncio.create_task(client.read(event_stream(Source(1, ends=False))))
        await client.until("data: 1")
        assert metrics.SSE_STREAMS._value.get() == before + 1
        client.gone.set()
        await reading
        assert metrics.SSE_STREAMS._value.get() == before
