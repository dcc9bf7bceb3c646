"""The answer on its way out: the transaction is ended first, then tags, compression and headers are decided."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
import zstandard

from etter_common import etags, responses, tracing
from etter_common.db.session import translated
from etter_common.errors import AppError, PayloadTooLarge

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

    from etter_common.middleware import RequestState

log = structlog.get_logger(__name__)

COMPRESS_FROM_BYTES: Final = 1024
_ZSTD_LEVEL, _GZIP_LEVEL = 3, 4
_TEXT: Final = ("application/json", "application/problem+json", "text/")
_SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Outgoing:
    """Takes the application's messages and sends the final ones."""

    def __init__(self, scope: Scope, state: RequestState, send: Send) -> None:
        self._scope = scope
        self.state = state
        self._send = send
        self._start: Message | None = None
        self._streaming = False
        self.begun = False
        self.on_stream: Callable[[], None] | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            await self._body(message)
        else:
            await self._send(message)

    async def send_problem(self, error: AppError) -> None:
        """Answer with a problem document, ending the transaction according to `state.error`."""
        status, headers, body = problem(error, self._scope["path"], self.state.request_id)
        self._start = {"type": "http.response.start", "status": status, "headers": _raw(headers)}
        await self._body({"type": "http.response.body", "body": body})

    async def _body(self, message: Message) -> None:
        if self._streaming:
            await self._send(message)
            return
        assert self._start is not None  # noqa: S101 - the protocol: start comes before body
        whole = not message.get("more_body", False)
        status, headers = self._start["status"], list(self._start["headers"])
        body: bytes = message.get("body", b"")
        try:
            await self._end_transaction(status, headers, body if whole else b"")
        except Exception as failure:
            status, headers, body, whole = self._failed(failure)
        if self.state.too_large and status == HTTPStatus.BAD_REQUEST:
            status, headers, body = self._refused_body()
        await self._begin(status, headers, body, whole=whole)

    async def _end_transaction(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        ctx = self.state.context
        if ctx is None:
            return
        self.state.context = None
        if self.state.claim and self.state.error is None and status < HTTPStatus.BAD_REQUEST:
            kept = {k.decode(): v.decode("latin-1") for k, v in headers}
            await self.state.claim.record(status, {k: v for k, v in kept.items() if k in _kept_headers()}, body)
        await ctx.finish(self.state.error)

    def _failed(self, failure: Exception) -> tuple[int, list[tuple[bytes, bytes]], bytes, bool]:
        """The commit failed: what the route wanted to say is not true, so say what happened instead."""
        error = translated(failure)
        if not isinstance(error, AppError):
            log.error("commit_failed", exc_info=failure)
            tracing.capture(failure)
            error = AppError()
        status, headers, body = problem(error, self._scope["path"], self.state.request_id)
        return status, _raw(headers), body, True

    def _refused_body(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        status, headers, body = problem(PayloadTooLarge(), self._scope["path"], self.state.request_id)
        return status, _raw(headers), body

    async def _begin(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes, *, whole: bool) -> None:
        if whole:
            status, headers, body = self._represent(status, headers, body)
        else:
            self._streaming = True
            if self.on_stream:
                self.on_stream()
        self.begun = True
        self.state.status = status
        headers += [*_SECURITY, (b"x-request-id", self.state.request_id.encode())]
        headers += _raw(self.state.headers)
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": not whole})

    def _represent(
        self, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Tag, answer 304, compress: what depends on the whole body."""
        named = {name: value for name, value in headers if name != b"content-length"}
        reading = self._scope["method"] in ("GET", "HEAD") and status == HTTPStatus.OK
        if reading:
            named.setdefault(b"cache-control", b"private, no-cache")
            tag = named.get(b"etag", b"").decode() or etags.body_etag(body)
            named[b"etag"] = tag.encode()
            if_none_match = self._header(b"if-none-match")
            if if_none_match and etags.matches(if_none_match, tag):
                kept = (b"etag", b"cache-control", b"vary", b"expires")
                return HTTPStatus.NOT_MODIFIED, [(k, v) for k, v in named.items() if k in kept], b""
        else:
            named.setdefault(b"cache-control", b"no-store")
        body = self._compress(named, body)
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            named[b"content-length"] = str(len(body)).encode()
        cookies = [(k, v) for k, v in headers if k == b"set-cookie"][1:]
        return status, [*named.items(), *cookies], b"" if self._scope["method"] == "HEAD" else body

    def _compress(self, named: dict[bytes, bytes], body: bytes) -> bytes:
        if not named.get(b"content-type", b"").decode().startswith(_TEXT) or b"content-encoding" in named:
            return body
        named[b"vary"] = b", ".join(filter(None, (named.get(b"vary"), b"Accept-Encoding")))
        accepted = self._header(b"accept-encoding") or ""
        if len(body) < COMPRESS_FROM_BYTES:
            return body
        if "zstd" in accepted:
            coding, packed = "zstd", zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
        elif "gzip" in accepted:
            coding, packed = "gzip", gzip.compress(body, _GZIP_LEVEL, mtime=0)
        else:
            return body
        named[b"content-encoding"] = coding.encode()
        if b"etag" in named:
            named[b"etag"] = etags.encoded(named[b"etag"].decode(), coding).encode()
        return packed

    def _header(self, name: bytes) -> str | None:
        return next((v.decode("latin-1") for k, v in self._scope["headers"] if k == name), None)


def problem(error: AppError, path: str, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an error's problem document."""
    body = responses.encode(responses.problem_body(error, instance=path, request_id=request_id))
    return error.status, {**error.headers, "content-type": responses.PROBLEM_MEDIA_TYPE}, body


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _kept_headers() -> tuple[str, ...]:
    from etter_common.idempotency import KEPT_HEADERS

    return KEPT_HEADERS
