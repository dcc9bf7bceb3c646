"""The protocol on a real socket: answers at hand, bounded heads, pipelining, closing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise

import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from etter_common import metrics
from etter_common import server as server_module
from etter_common.app import Application
from etter_common.cache import tag
from etter_common.clock import monotonic
from etter_common.ids import new_id
from etter_common.known_heads import KnownHeads
from etter_common.platform import Platform
from etter_common.ratelimit import Policy
from etter_common.request_state import MAX_HEAD_BYTES, MAX_HEADERS
from etter_common.server import Protocol
from etter_common.testing.client import Caller, TokenMint
from etter_common.testing.sample import Thing, ThingRepository


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """The test run keeps its own."""


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    server = await started(app)
    yield port_of(server)
    await server.shutdown()


async def started(app: FastAPI) -> _Server:
    config = uvicorn.Config(
        app, port=0, http=Protocol, lifespan="off", access_log=False, log_config=None, proxy_headers=False,
        server_header=False,
    )  # fmt: skip
    server = _Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    return server


def port_of(server: _Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


@pytest.fixture
def get(mint: TokenMint) -> bytes:
    return asking(mint.token(Caller(new_id(), new_id(), "analyst")))


def asking(token: str) -> bytes:
    return f"GET /api/sample/v1/things HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n".encode()


async def talk(
    port: int, *requests: bytes, answers: int, closes: bool = False
) -> list[tuple[int, dict[str, str], bytes]]:
    """What came back; afterwards the connection is closed if it `closes`, and answers once more if not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
    got = [await _one(reader) for _ in range(answers)]
    if not closes:
        writer.write(b"GET /still/open HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await _one(reader))[0] == 404
        writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    return got


async def _one(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))


def heads_of(app: FastAPI) -> KnownHeads:
    assert isinstance(app, Application)
    return app.known_heads


async def learnt(port: int, get: bytes, app: FastAPI) -> None:
    """Ask until the head is known; what is told of earlier writes may empty the tier till then."""
    async with asyncio.timeout(60):
        while heads_of(app).get(get) is None:
            await talk(port, get, answers=1)


class _Wire(asyncio.Transport):
    """A connection whose pieces arrive as the test hands them over."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.answers = asyncio.StreamReader()
        self._is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.answers.feed_data(data)

    def is_closing(self) -> bool:
        return self._is_closed

    def pause_reading(self) -> None:
        """What was read already comes nevertheless."""

    def resume_reading(self) -> None:
        """See above."""

    def close(self) -> None:
        self._is_closed = True


def connected_by(wire: _Wire, app: FastAPI) -> Protocol:
    config = uvicorn.Config(app, http=Protocol, lifespan="off", access_log=False, log_config=None, proxy_headers=False)
    config.load()
    protocol = Protocol(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(wire)
    return protocol


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The targets that the parser has seen."""
    seen: list[bytes] = []
    original = Protocol.on_url

    def on_url(self: Protocol, url: bytes) -> None:
        seen.append(url)
        original(self, url)

    monkeypatch.setattr(Protocol, "on_url", on_url)
    return seen


def taken() -> float:
    return metrics.REGISTRY.get_sample_value("etter_http_shortcuts_total", {"status": "200"}) or 0


class TestAnswersAtHand:
    async def test_they_equal_those_of_the_route(self, port: int, get: bytes) -> None:
        [first] = await talk(port, get, answers=1)
        before = taken()
        second, third = await talk(port, get, get, answers=2)
        assert taken() == before + 2
        assert (first[0], first[2]) == (second[0], second[2]) == (third[0], third[2])
        assert {**first[1], "x-request-id": "", "ratelimit": "", "date": ""} == {
            **second[1], "x-request-id": "", "ratelimit": "", "date": "",
        }  # fmt: skip
        assert first[1]["x-request-id"] != second[1]["x-request-id"]

    async def test_a_connection_is_closed_where_the_client_wants_it(self, port: int, get: bytes) -> None:
        last = get.replace(b"host: x", b"host: x\r\nconnection: close")
        answers = await talk(port, get, last, answers=2, closes=True)
        assert answers[1][1]["connection"] == "close"

    async def test_pipelined_requests_are_answered_in_their_order(self, port: int, get: bytes) -> None:
        missing = get.replace(b"/things", b"/nothing")
        answers = await talk(port, get, answers=1)
        answers = await talk(port, b"".join([missing, get, missing, get, get]), answers=5)
        assert [status for status, _, _ in answers] == [404, 200, 404, 200, 200]


class TestKnownHeads:
    """A head that came before is looked up instead of parsed; what is answered is what would be answered anyway."""

    async def test_a_further_copy_is_not_parsed_on_any_connection(
        self, app: FastAPI, port: int, get: bytes, parsed: list[bytes]
    ) -> None:
        [first] = await talk(port, get, answers=1)
        await learnt(port, get, app)
        before = taken()
        parsed.clear()
        second, third = await talk(port, get, answers=1) + await talk(port, get, answers=1)
        assert [path for path in parsed if path != b"/still/open"] == []
        assert taken() == before + 2
        assert (first[0], first[2]) == (second[0], second[2]) == (third[0], third[2])
        assert second[1]["x-request-id"] != third[1]["x-request-id"]

    async def test_a_head_that_names_its_request_is_not_kept(self, app: FastAPI, port: int, get: bytes) -> None:
        named = get.replace(b"host: x", b"host: x\r\nx-request-id: one-of-a-kind")
        await learnt(port, get, app)
        kept = len(heads_of(app))
        for answer in await talk(port, named, named, answers=2):
            assert answer[1]["x-request-id"] == "one-of-a-kind"
        assert len(heads_of(app)) == kept

    async def test_a_revoked_session_is_refused(
        self, app: FastAPI, port: int, mint: TokenMint, platform: Platform
    ) -> None:
        session = new_id()
        get = asking(mint.token(Caller(new_id(), new_id(), "analyst"), sid=str(session)))
        await learnt(port, get, app)
        platform.revocations.put(f"session.{session}", b"")
        [(status, _, body)] = await talk(port, get, answers=1)
        assert (status, json.loads(body)["code"]) == (401, "UNAUTHENTICATED")

    async def test_a_changed_value_is_seen(self, app: FastAPI, port: int, mint: TokenMint, platform: Platform) -> None:
        company = new_id()
        get = asking(mint.token(Caller(new_id(), company, "analyst")))
        await learnt(port, get, app)
        async with platform.work(company_id=company) as ctx:
            ThingRepository(ctx).add(Thing(name="a new one"))
            ctx.invalidate(tag(company, "things"))
        [(status, _, body)] = await talk(port, get, answers=1)
        assert (status, [thing["name"] for thing in json.loads(body)["data"]]) == (200, ["a new one"])

    async def test_a_used_up_limit_is_told_in_the_route_s_words(
        self, app: FastAPI, port: int, get: bytes, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await learnt(port, get, app)
        monkeypatch.setattr(platform, "policies", replace(platform.policies, user=Policy("tight", 2, 3600)))
        answers = await talk(port, get, get, get, answers=3)
        assert [status for status, _, _ in answers] == [200, 200, 429]
        assert json.loads(answers[2][2])["code"] == "TOO_MANY_REQUESTS"

    async def test_a_connection_on_which_nothing_comes_any_more_is_closed(
        self, app: FastAPI, port: int, get: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await learnt(port, get, app)
        wire = _Wire()
        protocol = connected_by(wire, app)
        now = monotonic()
        monkeypatch.setattr(server_module, "monotonic", lambda: now)
        protocol.data_received(get)
        assert protocol.timeout_keep_alive_task is not None
        for later, is_closed in ((protocol.timeout_keep_alive - 0.1, False), (protocol.timeout_keep_alive, True)):
            monkeypatch.setattr(server_module, "monotonic", lambda later=later: now + later)
            protocol.timeout_keep_alive_handler()
            assert wire.is_closing() == is_closed
        protocol.connection_lost(None)

    @settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    async def test_bytes_may_come_in_any_pieces_at_any_time(
        self, app: FastAPI, port: int, get: bytes, data: st.DataObject
    ) -> None:
        """Requests one after the other, cut anywhere: each is answered in its turn as it is alone, and once."""
        await learnt(port, get, app)
        json_post = b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
        post = get.replace(b"GET", b"POST").removesuffix(b"\r\n") + json_post
        forms = {200: get, 404: get.replace(b"/things", b"/nothing"), 400: post % (len(get), get)}
        wanted = data.draw(st.lists(st.sampled_from(sorted(forms)), min_size=1, max_size=6))
        stream = b"".join(forms[status] for status in wanted)
        ends = {start + len(get) for start in range(len(stream)) if stream.startswith(get, start)}
        starts = {end - len(get) for end in ends}
        likely = st.sampled_from(sorted(ends | starts) or [0])
        cuts = sorted(data.draw(st.sets(likely | st.integers(0, len(stream)), max_size=8)))
        wire = _Wire()
        protocol = connected_by(wire, app)
        for start, end in pairwise([0, *cuts, len(stream)]):
            if start < end:
                protocol.data_received(stream[start:end])
            for _ in range(data.draw(st.sampled_from([0, 0, 1, 30]))):
                await asyncio.sleep(0)
        async with asyncio.timeout(60):
            got = [(await _one(wire.answers))[0] for _ in wanted]
        protocol.connection_lost(None)
        assert got == wanted
        wire.answers.feed_eof()
        assert await wire.answers.read() == b""


class TestHeads:
    async def test_a_head_past_the_bound_is_refused_while_it_comes(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ")
        sent = 0
        try:
            while sent < 10 * 1024 * 1024:
                writer.write(b"a" * 65_536)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            pass
        assert sent < 10 * 1024 * 1024, "the server closed long before the end"
        writer.close()
        del reader

    async def test_it_says_so(self, port: int) -> None:
        head = b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * MAX_HEAD_BYTES
        [(status, headers, body)] = await talk(port, head, answers=1, closes=True)
        assert (status, headers["content-type"]) == (431, "application/problem+json")
        problem = json.loads(body)
        assert (problem["code"], problem["max_bytes"]) == ("HEADERS_TOO_LARGE", MAX_HEAD_BYTES)
        assert problem["request_id"] == headers["x-request-id"]

    @pytest.mark.parametrize(
        "head", [b"garbage\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"]
    )
    async def test_what_is_no_request_is_told_so_too(self, port: int, head: bytes) -> None:
        [(status, headers, body)] = await talk(port, head, answers=1, closes=True)
        assert (status, headers["content-type"]) == (400, "application/problem+json")
        assert json.loads(body)["code"] == "BAD_REQUEST"
        assert headers["x-content-type-options"] == "nosniff"

    async def test_a_head_within_the_bound_passes(self, port: int) -> None:
        head = b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * (MAX_HEAD_BYTES - 1000) + b"\r\n\r\n"
        [(status, _, _)] = await talk(port, head, answers=1)
        assert status == 404

    @pytest.mark.parametrize("first", [b"", b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n"])
    async def test_a_head_past_the_bound_is_refused_also_where_it_comes_in_one_piece(
        self, app: FastAPI, get: bytes, first: bytes
    ) -> None:
        """Whole in one piece of data, alone or behind another request; also where its answer is at hand."""
        wire = _Wire()
        protocol = connected_by(wire, app)
        for _ in range(2):
            protocol.data_received(get)
            assert (await _one(wire.answers))[0] == 200
        head = get[:-2] + b"x-long: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n"
        protocol.data_received(first + head + get)
        wanted = [404, 431, 200] if first else [431, 200]
        assert [(await _one(wire.answers))[0] for _ in wanted] == wanted

    async def test_a_long_body_in_one_piece_with_heads_is_no_long_head(self, app: FastAPI, get: bytes) -> None:
        wire = _Wire()
        protocol = connected_by(wire, app)
        post = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + b"a" * 100_000
        protocol.data_received(post + get[:50])
        protocol.data_received(get[50:])
        assert [(await _one(wire.answers))[0] for _ in range(2)] == [404, 200]

    async def test_many_headers_are_refused_also_where_the_answer_is_at_hand(self, port: int, get: bytes) -> None:
        await talk(port, get, get, answers=2)
        many = get[:-2] + b"".join(b"x-%d: 1\r\n" % n for n in range(MAX_HEADERS)) + b"\r\n"
        [(status, _, _)] = await talk(port, many, answers=1)
        assert status == 431

    async def test_many_headers_or_a_long_path_are_refused_by_the_layer(self, port: int) -> None:
        many = b"GET / HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x-%d: 1\r\n" % n for n in range(100)) + b"\r\n"
        long = b"GET /" + b"a" * 33_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"
        for request in (many, long):
            [(status, _, body)] = await talk(port, request, answers=1)
            assert (status, json.loads(body)["code"]) == (431, "HEADERS_TOO_LARGE")


class TestTheEnd:
    async def test_who_has_just_connected_is_still_answered(self, app: FastAPI, get: bytes) -> None:
        server = await started(app)
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        await connected(server)
        ending = asyncio.create_task(server.shutdown())
        await asyncio.sleep(0)
        writer.write(get)
        status, headers, _ = await _one(reader)
        assert (status, headers["connection"]) == (200, "close")
        assert await reader.read() == b""
        writer.close()
        await ending

    async def test_who_then_asks_nothing_does_not_hold_it_up(
        self, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_module, "FRESH_S", 0.05)
        server = await started(app)
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        await connected(server)
        async with asyncio.timeout(60):
            await server.shutdown()
            assert await reader.read() == b""
        writer.close()


async def connected(server: _Server) -> None:
    async with asyncio.timeout(60):
        while not server.server_state.connections:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
