"""Against a real server on the loopback, which the tests allow by name, and refuse by not allowing it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from etter_common import http as module
from etter_common import logging
from etter_common.circuit import FIRST_PAUSE_S, TRIPS_AFTER
from etter_common.clock import utc_now
from etter_common.http import HttpClient, OutboundFailed, ReplyTooLarge, RetryBudget, TargetNotAllowed

Handler = Callable[["Server", str], Awaitable[bytes]]


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Server:
    """Answers each request with the next prepared answer, the last one for ever; None hangs up, b"" never answers."""

    answers: list[bytes | None] = field(default_factory=lambda: [reply(200, b"ok")])
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    return
                if answer == b"":
                    await reader.read()
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def url(self, path: str = "/", host: str = "service.example") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


def to_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpClient]:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.001)
    client = HttpClient("test", allowed_hosts=["service.example"], resolve=to_loopback, total_s=5, max_bytes=1000)
    yield client
    await client.close()


class TestRequest:
    async def test_an_answer_of_any_status_is_returned(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(404, b"no", x_mark="m")]
        answer = await client.request("GET", server.url())
        assert (answer.status, answer.body, answer.headers["x-mark"]) == (404, b"no", "m")

    async def test_the_request_id_goes_along(self, client: HttpClient, server: Server) -> None:
        with logging.bound(request_id="req-12345678"):
            await client.request("GET", server.url())
        assert "x-request-id: req-12345678" in server.requests[0].lower()

    async def test_it_ends_within_its_total_time(self, server: Server) -> None:
        client = HttpClient("test", allowed_hosts=["service.example"], resolve=to_loopback, total_s=0.1)
        server.answers = [b""]
        with pytest.raises(OutboundFailed, match=r"longer than 0\.1 s"):
            await client.request("GET", server.url())
        await client.close()

    async def test_an_answer_past_the_bound_is_refused(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(200, b"x" * 1001)]
        with pytest.raises(ReplyTooLarge):
            await client.request("GET", server.url())

    async def test_a_compressed_answer_that_was_not_asked_for_is_refused(
        self, client: HttpClient, server: Server
    ) -> None:
        server.answers = [reply(200, b"x", content_encoding="gzip")]
        with pytest.raises(OutboundFailed):
            await client.request("GET", server.url())
        assert "accept-encoding: identity" in server.requests[0].lower()

    async def test_nobody_listening_is_a_clear_error(self, client: HttpClient) -> None:
        with pytest.raises(OutboundFailed) as caught:
            await client.request("GET", "http://service.example:1/")
        assert caught.value.status == 503


class TestRetries:
    @pytest.mark.parametrize("first", [reply(503), reply(429), reply(502), None])
    async def test_an_idempotent_call_is_tried_again(
        self, client: HttpClient, server: Server, first: bytes | None
    ) -> None:
        server.answers = [first, reply(200, b"ok")]
        assert (await client.request("GET", server.url())).body == b"ok"
        assert len(server.requests) == 2

    @pytest.mark.parametrize("first", [reply(503), None])
    async def test_a_post_is_sent_once(self, client: HttpClient, server: Server, first: bytes | None) -> None:
        server.answers = [first, reply(200)]
        try:
            answer = await client.request("POST", server.url(), content=b"x")
            assert answer.status == 503
        except OutboundFailed:
            assert first is None
        assert len(server.requests) == 1

    async def test_three_attempts_at_most(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(503)]
        assert (await client.request("GET", server.url())).status == 503
        assert len(server.requests) == 3

    async def test_what_the_server_asks_for_is_waited(
        self, client: HttpClient, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pause, waited = module._pause, list[float]()

        def told(attempt: int, retry_after: str | None) -> float:
            waited.append(pause(attempt, retry_after))
            return 0.0

        monkeypatch.setattr(module, "_pause", told)
        server.answers = [reply(503, retry_after="1"), reply(503, retry_after="3600"), reply(200)]
        assert (await client.request("GET", server.url())).status == 200
        assert waited == [1.0, module._LONGEST_PAUSE_S]

    async def test_the_budget_ends_them(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(429)]
        for _ in range(20):
            await client.request("GET", server.url())
        assert 20 < len(server.requests) <= 20 + 10 + 20 * 0.2


class TestPause:
    def test_it_is_a_random_part_of_a_time_that_doubles(self) -> None:
        """Full jitter: callers that failed together do not come back together."""
        for attempt, longest in ((1, 0.2), (2, 0.4), (3, 0.8), (20, module._LONGEST_PAUSE_S)):
            pauses = [module._pause(attempt, None) for _ in range(400)]
            assert 0 <= min(pauses) < 0.1 * longest
            assert 0.9 * longest < max(pauses) <= longest
            assert len(set(pauses)) > 300

    @pytest.mark.parametrize("odd", ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "1e9", ""])
    def test_a_wish_that_is_no_number_of_seconds_is_none(self, odd: str) -> None:
        assert module._pause(1, odd) <= 0.2


class TestCircuit:
    async def test_a_host_that_fails_again_and_again_is_left_alone(self, client: HttpClient, server: Server) -> None:
        server.answers = [None]
        for _ in range(TRIPS_AFTER):
            with pytest.raises(OutboundFailed):
                await client.request("POST", server.url())
        asked = len(server.requests)
        with pytest.raises(OutboundFailed, match="left alone") as caught:
            await client.request("POST", server.url())
        assert len(server.requests) == asked
        assert 1 <= int(caught.value.headers["Retry-After"]) <= FIRST_PAUSE_S

    async def test_answers_that_say_no_are_answers(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(500)]
        for _ in range(TRIPS_AFTER + 1):
            assert (await client.request("POST", server.url())).status == 500

    async def test_no_more_hosts_are_remembered_than_said(
        self, client: HttpClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_MAX_CIRCUITS", 3)
        for number in range(10):
            with pytest.raises(TargetNotAllowed):  # what resolves to the loopback and was not allowed
                await client.request("GET", f"https://host-{number}.example/")
        assert len(client._circuits) == 3

    async def test_another_host_is_not_concerned(self, server: Server) -> None:
        client = HttpClient("test", allowed_hosts=["one.example", "two.example"], resolve=to_loopback, total_s=5)
        server.answers = [reply(503)]
        for _ in range(TRIPS_AFTER):
            await client.request("POST", server.url(host="one.example"))
        with pytest.raises(OutboundFailed):
            await client.request("POST", server.url(host="one.example"))
        assert (await client.request("POST", server.url(host="two.example"))).status == 503
        await client.close()


class TestRetryBudget:
    def test_a_fifth_of_the_calls_after_the_start(self) -> None:
        budget = RetryBudget()
        spent = 0
        for _ in range(100):
            budget.earn()
            spent += budget.spend()
        assert 28 <= spent <= 30


class TestGuard:
    @pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "10.0.0.1"])
    async def test_a_name_that_leads_inside_is_refused(self, server: Server, address: str) -> None:
        client = HttpClient("test", resolve=lambda *_: ["93.184.216.34", address])
        with pytest.raises(TargetNotAllowed) as caught:
            await client.request("GET", f"https://evil.example:{server.port}/")
        await client.close()
        assert caught.value.status == 422
        assert server.connections == 0

    async def test_addresses_in_the_url_are_checked_too(self, server: Server) -> None:
        client = HttpClient("test")
        for host in ("127.0.0.1", "[::1]", "2130706433", "0x7f.1", "localhost"):
            with pytest.raises((TargetNotAllowed, OutboundFailed)):
                await client.request("GET", f"https://{host}:{server.port}/")
        await client.close()
        assert server.connections == 0

    async def test_the_name_is_resolved_once_and_the_checked_address_called(self, server: Server) -> None:
        """DNS rebinding: the second answer would be another one."""
        answers = [["127.0.0.1"], ["203.0.113.1"]]
        client = HttpClient("test", allowed_hosts=["service.example"], resolve=lambda *_: answers.pop(0))
        assert (await client.request("GET", server.url())).status == 200
        await client.close()
        assert len(answers) == 1
        assert server.connections == 1

    @pytest.mark.parametrize(
        "url",
        [
            "http://93.184.216.34/", "ftp://service.example/", "https:///x", "https://u:p@service.example/",
            "file:///etc/passwd", "no url", "http://\x00/",
        ],
    )  # fmt: skip
    async def test_a_url_of_another_kind_is_refused(self, client: HttpClient, url: str) -> None:
        with pytest.raises(TargetNotAllowed):
            await client.request("GET", url)


class TestTLS:
    async def test_the_name_is_what_the_certificate_is_checked_against(
        self, client: HttpClient, tmp_path: Path
    ) -> None:
        """The connection goes to the address that was checked; TLS asks for the name and verifies it."""
        asked_for: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path))
        context.sni_callback = lambda _socket, name, _context: asked_for.append(name)

        async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            raise AssertionError("the handshake was finished")

        listening = await asyncio.start_server(nothing, "127.0.0.1", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(OutboundFailed):
            await client.request("POST", f"https://service.example:{port}/", content=b"secret")
        listening.close()
        assert asked_for == ["service.example"]


def self_signed(folder: Path) -> Path:
    """A certificate for the right name that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("service.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(plain + made.public_bytes(Encoding.PEM))
    return file


class TestRedirects:
    async def test_one_to_the_same_origin_is_followed(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(302, location="/other"), reply(200, b"there")]
        assert (await client.request("GET", server.url())).body == b"there"
        assert server.requests[1].startswith("GET /other ")

    @pytest.mark.parametrize("location", ["http://169.254.169.254/", "https://other.example/", "//other.example/"])
    async def test_one_to_another_host_is_refused(self, client: HttpClient, server: Server, location: str) -> None:
        server.answers = [reply(302, location=location)]
        with pytest.raises(TargetNotAllowed):
            await client.request("GET", server.url())
        assert len(server.requests) == 1

    async def test_a_circle_ends(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(302, location="/")]
        with pytest.raises(OutboundFailed, match="redirects"):
            await client.request("GET", server.url())
        assert len(server.requests) == 4

    async def test_a_post_is_not_redirected(self, client: HttpClient, server: Server) -> None:
        server.answers = [reply(307, location="/other")]
        assert (await client.request("POST", server.url(), content=b"x")).status == 307
