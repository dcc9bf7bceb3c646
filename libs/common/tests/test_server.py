"""The protocol on a real socket: answers at hand, bounded heads, pipelining, closing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI

from etter_common import metrics
from etter_common import server as server_module
from etter_common.ids import new_id
from etter_common.server import MAX_HEAD_BYTES, Protocol
from etter_common.testing.client import Caller, TokenMint


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
    token = mint.token(Caller(new_id(), new_id(), "analyst"))
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

    async def test_many_headers_or_a_long_path_are_refused_by_the_layer(self, port: int) -> None:
        many = b"GET / HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x-%d: 1\r\n" % n for n in range(100)) + b"\r\n"
        long = b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"
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
