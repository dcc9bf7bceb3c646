"""A store that is killed, frozen, wrong or half-hearted: every call ends in time and says so, and leaves nothing."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from etter_common.circuit import TRIPS_AFTER
from etter_common.clock import monotonic, utc_now
from etter_common.ids import new_id
from etter_extraction.objects.s3 import S3Store
from etter_extraction.objects.store import ObjectMissing, ObjectStore, StoreAway, StoreMisconfigured

from .conftest import BUCKET, S3Server, config_of, running
from .test_store import MIB, broken_after, content, keys, pieces, repeated

SILENCE_S = 0.5  # where it is meant to fail; what is meant to succeed waits longer
IN_TIME_S = 2 * SILENCE_S + 1.5  # and what a loaded machine adds

Call = Callable[[ObjectStore], Awaitable[object]]
CALLS: dict[str, Call] = {
    "put": lambda store: store.put(new_id(), new_id(), pieces(b"x")),
    "read": lambda store: store.read(new_id(), new_id()),
    "delete": lambda store: store.delete(new_id(), new_id()),
    "delete_all": lambda store: store.delete_all(new_id()),
    "keys": lambda store: keys(store, new_id()),
    "check": lambda store: store.check(),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@asynccontextmanager
async def in_time() -> AsyncGenerator[None]:
    began = monotonic()
    yield
    assert monotonic() - began < IN_TIME_S


def answered(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers))
    return head.encode() + b"\r\n\r\n" + body


FAILURE = answered("500 Internal Server Error")
GONE = answered("404 Not Found", b"<Error><Code>NoSuchUpload</Code><Message>NoSuchUpload</Message></Error>")
BEGUN = answered(
    "200 OK",
    b"<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>an-upload</UploadId>"
    b"</InitiateMultipartUploadResult>",
)


@asynccontextmanager
async def answering(answer: bytes, **by_method: bytes) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """A server that gives every request (of a method) the same bytes and hangs up: its endpoint, and the request lines
    it got.
    """
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.partition(b"\r\n")[0])
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        writer.write(by_method.get(head.split(b" ", 1)[0].decode(), answer))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


def store_at(endpoint: str) -> S3Store:
    return S3Store(BUCKET, "", config_of(endpoint), silence_s=SILENCE_S)


async def outcomes(server: S3Server) -> dict[str, object]:
    """How each call ends, all of them at once, each on a store of its own."""
    told = await asyncio.gather(
        *(call(server.store(silence_s=SILENCE_S)) for call in CALLS.values()), return_exceptions=True
    )
    return dict(zip(CALLS, told, strict=True))


class TestKilled:
    async def test_every_call_is_told(self, own_s3: S3Server) -> None:
        own_s3.kill()
        async with in_time():
            told = await outcomes(own_s3)
        for error in told.values():
            assert isinstance(error, StoreAway), told
            assert int(error.headers["Retry-After"]) >= 1
            assert own_s3.endpoint in error.reason
            assert own_s3.endpoint not in error.detail

    async def test_started_again_it_goes_on(self, own_s3: S3Server) -> None:
        store, company, key = own_s3.store(), new_id(), new_id()
        await store.put(company, key, pieces(b"kept"))
        own_s3.kill()
        with pytest.raises(StoreAway):
            await store.read(company, key)
        await own_s3.start()
        assert await content(store, company, key) == b"kept"

    async def test_amid_a_read_the_reader_is_told(self, own_s3: S3Server) -> None:
        store, company, key = own_s3.store(silence_s=SILENCE_S), new_id(), new_id()
        await own_s3.store().put(company, key, repeated(b"x" * MIB, 40))
        with pytest.raises(StoreAway):
            await drain(await store.read(company, key), own_s3.kill)


class TestFrozen:
    async def test_every_call_is_told_in_time(self, own_s3: S3Server) -> None:
        own_s3.freeze()
        async with in_time():
            told = await outcomes(own_s3)
        assert {name: type(error) for name, error in told.items()} == dict.fromkeys(CALLS, StoreAway)
        own_s3.thaw()
        await own_s3.store().check()

    async def test_amid_a_put_nothing_is_kept(self, own_s3: S3Server) -> None:
        store, company, key = own_s3.store(silence_s=SILENCE_S), new_id(), new_id()

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in repeated(b"x" * MIB, 12):
                yield chunk
            own_s3.freeze()
            yield b"the last part"

        with pytest.raises(StoreAway):
            await store.put(company, key, chunks())
        own_s3.thaw()
        assert await keys(own_s3.store(), company) == set()

    async def test_amid_a_read_the_reader_is_told(self, own_s3: S3Server) -> None:
        store, company, key = own_s3.store(silence_s=SILENCE_S), new_id(), new_id()
        await own_s3.store().put(company, key, repeated(b"x" * MIB, 40))
        with pytest.raises(StoreAway):
            await drain(await store.read(company, key), own_s3.freeze)


class TestBrokenOff:
    async def test_a_failed_put_takes_its_parts_back(self, own_s3: S3Server) -> None:
        with pytest.raises(ValueError, match="gone"):
            await own_s3.store().put(new_id(), new_id(), broken_after(12))
        assert files(own_s3) == []

    async def test_a_cancelled_put_takes_its_parts_back(self, own_s3: S3Server) -> None:
        hanging = asyncio.Event()

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in repeated(b"x" * MIB, 12):
                yield chunk
            hanging.set()
            await asyncio.Event().wait()

        upload = asyncio.create_task(own_s3.store().put(new_id(), new_id(), chunks()))
        await hanging.wait()
        assert files(own_s3) != []
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert files(own_s3) == []

    @pytest.mark.parametrize("error", [ValueError("the client has gone"), asyncio.CancelledError()], ids=repr)
    @pytest.mark.parametrize("taken_back", [GONE, FAILURE], ids=["the parts are gone", "the store fails"])
    async def test_what_broke_it_off_is_told_whatever_becomes_of_the_parts(
        self, taken_back: bytes, error: BaseException
    ) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in repeated(b"x" * MIB, 12):
                yield chunk
            raise error

        async with answering(answered("200 OK", b"", 'etag: "e"'), POST=BEGUN, DELETE=taken_back) as (endpoint, asked):
            with pytest.raises(type(error)):
                await store_at(endpoint).put(new_id(), new_id(), chunks())
        assert any(line.startswith(b"DELETE ") and b"uploadId=an-upload" in line for line in asked)


class TestFailing:
    async def test_errors_of_the_server_are_tried_again_a_few_times(self) -> None:
        async with answering(FAILURE) as (endpoint, asked):
            with pytest.raises(StoreAway):
                await store_at(endpoint).read(new_id(), new_id())
        assert len(asked) == 3

    async def test_after_failures_in_a_row_it_is_left_alone(self) -> None:
        async with answering(FAILURE) as (endpoint, asked):
            store = store_at(endpoint)
            for _ in range(TRIPS_AFTER):
                with pytest.raises(StoreAway):
                    await store.delete_all(new_id())
            count = len(asked)
            with pytest.raises(StoreAway) as raised:
                await store.read(new_id(), new_id())
            assert (len(asked), raised.value.headers["Retry-After"]) == (count, "5")
            with pytest.raises(StoreAway):
                await store.check()  # readiness goes on looking
            assert len(asked) > count

    async def test_a_check_that_passes_ends_the_pause(self, own_s3: S3Server) -> None:
        store = own_s3.store()
        own_s3.kill()
        for _ in range(TRIPS_AFTER):
            with pytest.raises(StoreAway):
                await store.check()
        await own_s3.start()
        await store.check()
        with pytest.raises(ObjectMissing):
            await store.read(new_id(), new_id())

    async def test_a_body_that_ends_early_is_no_content(self) -> None:
        head = (
            b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\netag: "e"\r\nlast-modified: Thu, 01 Oct 2026 00:00:00 GMT\r\n'
        )
        async with answering(head + b"\r\n" + bytes(50)) as (endpoint, asked), in_time():
            with pytest.raises(StoreAway):
                await content(store_at(endpoint), new_id(), new_id())
        assert 1 <= len(asked) <= 4


class TestMisconfigured:
    @each_call
    async def test_wrong_credentials(self, s3: S3Server, call: Call) -> None:
        with pytest.raises(StoreMisconfigured) as raised:
            await call(s3.store(secret="another-secret-of-some-length"))
        assert "refuses these credentials" in raised.value.reason

    @each_call
    async def test_no_bucket_is_not_a_missing_object(self, s3: S3Server, call: Call) -> None:
        with pytest.raises(StoreMisconfigured) as raised:
            await call(s3.store(bucket="nowhere"))
        assert f"there is no bucket for s3://nowhere at {s3.endpoint}; create it" in raised.value.reason
        assert not (s3.root / "nowhere").exists()


class TestTls:
    async def test_a_certificate_nobody_vouches_for_is_refused(self, tmp_path: Path) -> None:
        certificate, key = make_certificate(tmp_path)
        options = ("--cert", str(certificate), "--key", str(key))
        async with running(tmp_path, *options, scheme="https") as server:
            with pytest.raises(StoreAway) as raised:
                await server.store(silence_s=SILENCE_S).check()
            assert "certificate" in f"{raised.value.reason} {raised.value.__cause__}".lower()

    async def test_one_the_machine_trusts_is_taken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        certificate, key = make_certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        options = ("--cert", str(certificate), "--key", str(key))
        async with running(tmp_path, *options, scheme="https") as server:
            await server.store().check()


async def drain(chunks: AsyncIterable[bytes], between: Callable[[], None]) -> None:
    """Read all, doing something after each chunk."""
    async for _ in chunks:
        between()


def files(server: S3Server) -> list[Path]:
    return [path for path in (server.root / BUCKET).rglob("*") if path.is_file()]


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - datetime.timedelta(days=1))
        .not_valid_after(utc_now() + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "store.pem", folder / "store.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file
