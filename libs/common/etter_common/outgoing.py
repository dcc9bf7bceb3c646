"""The answer on its way out: the transaction is ended first, then tags, compression and headers are decided."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
import zstandard

from etter_common import etags, responses, tracing
from etter_common.db.session import translated
from etter_common.errors import AppError

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

    from etter_common.cache import Encoding, Entry
    from etter_common.request_state import RequestState

Headers = list[tuple[bytes, bytes]]
log = structlog.get_logger(__name__)

COMPRESS_FROM_BYTES: Final = 1024
_ZSTD_LEVEL, _GZIP_LEVEL = 3, 4
_zstd: Final = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
_TEXT: Final = (b"application/json", b"application/problem+json", b"application/vnd.apache.arrow.stream", b"text/")
"""Types that compression makes smaller."""
_READ: Final = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED)
_KEPT_OF_304: Final = (b"etag", b"cache-control", b"vary", b"expires", b"link")  # RFC 9110 §15.4.5
SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Answer(NamedTuple):
    """A whole answer; without what belongs to the request that gets it."""

    status: int
    headers: Headers
    body: bytes
    head: bytes = b""  # status line and headers as they go over the wire; of kept answers


class Kept(NamedTuple):
    """A cached value as it goes out in one content coding, to those who have it not and to those who have it."""

    whole: Answer
    not_modified: Answer
    coding: Encoding

    def carrying(self, body: bytes) -> Kept:
        """The same heads around other bytes."""
        return self._replace(whole=self.whole._replace(body=body))


def coding(state: RequestState) -> Encoding:
    """The best one this request takes."""
    return coding_of(state.given.get(b"accept-encoding", b""))


def kept(entry: Entry | None, state: RequestState) -> Answer | None:
    """The answer of a cached value in the form this request takes, if the route has sent it in that form before."""
    if entry is None:
        return None
    found = entry.answers.get(coding(state))
    if not isinstance(found, Kept):
        return None
    if_none_match = state.given.get(b"if-none-match")
    if if_none_match and etags.matches(if_none_match.decode("latin-1"), entry.etag):
        return found.not_modified
    return found.whole


def head_bytes(answer: Answer, state: RequestState) -> bytes:
    """The head of a kept answer with what the request was told to add; the server adds the date and an empty line."""
    state.status = answer.status
    assert state.limit is not None  # noqa: S101 - a kept answer is sent after its caller was counted
    (policy_name, policy), (limit_name, limit) = state.limit.raw_headers()
    head = b"%sx-request-id: %s\r\n%s: %s\r\n%s: %s\r\n" % (
        answer.head, state.raw_id, policy_name, policy, limit_name, limit,
    )  # fmt: skip
    return head + b"".join(b"%s: %s\r\n" % header for header in state.cors) if state.cors else head


def _kept_form(status: int, headers: Headers, body: bytes) -> Answer:
    line = b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode())
    return Answer(status, headers, body, line + b"".join(b"%s: %s\r\n" % header for header in headers))


async def send(answer: Answer, state: RequestState, send: Send, *, bodiless: bool = False, whole: bool = True) -> None:
    """Send it with what the request was told to add."""
    state.status = answer.status
    headers = [*answer.headers, (b"x-request-id", state.raw_id), *state.cors]
    if state.limit is not None:
        headers += state.limit.raw_headers()
    if state.headers:
        headers += _raw(state.headers)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else answer.body, "more_body": not whole})


@lru_cache(maxsize=256)
def coding_of(accept_encoding: bytes) -> Encoding:
    """The best content coding the client takes (RFC 9110 §12.5.3); zstd costs half of gzip."""
    taken = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        name, _, weight = part.partition(";")
        taken[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    for coding in ("zstd", "gzip"):
        if taken.get(coding, taken.get("*", False)):
            return coding
    return "identity"


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
        answer = self._problem(error)
        self._start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        await self._body({"type": "http.response.body", "body": answer.body})

    async def _body(self, message: Message) -> None:
        if self._streaming:
            await self._send(message)
            return
        assert self._start is not None  # noqa: S101 - the protocol: start comes before body
        whole = not message.get("more_body", False)
        answer = Answer(self._start["status"], list(self._start["headers"]), message.get("body", b""))
        try:
            await self._end_transaction(answer, whole=whole)
        except Exception as failure:
            answer, whole = self._failed(failure), True
        await self._begin(answer, whole=whole)

    async def _end_transaction(self, answer: Answer, *, whole: bool) -> None:
        ctx = self.state.context
        if ctx is None:
            return
        self.state.context = None
        self.state.found = ctx.found
        if self.state.claim and self.state.error is None and answer.status < HTTPStatus.BAD_REQUEST:
            headers = {k.decode(): v.decode("latin-1") for k, v in answer.headers if k.decode() in _kept_headers()}
            body = answer.body if whole else b""
            await self.state.claim.record(answer.status, headers, body if ctx.kept_body is None else ctx.kept_body)
        await ctx.finish(self.state.error)

    def _failed(self, failure: Exception) -> Answer:
        """The commit failed: what the route wanted to say is not true, so say what happened instead."""
        error = translated(failure)
        if not isinstance(error, AppError):
            log.error("commit_failed", exc_info=failure)
            tracing.capture(failure)
            error = AppError()
        self.state.found = None
        return self._problem(error)

    def _problem(self, error: AppError) -> Answer:
        status, headers, body = problem(error, self._scope["path"], self.state.request_id)
        return Answer(status, _raw(headers), body)

    async def _begin(self, answer: Answer, *, whole: bool) -> None:
        answer = self._for_the_caller(answer)
        if whole:
            answer = self._represent(answer)
        else:
            answer = Answer(answer.status, [*answer.headers, *SECURITY], answer.body)
            self._streaming = True
            if self.on_stream:
                self.on_stream()
        self.begun = True
        await send(answer, self.state, self._send, bodiless=self._scope["method"] == "HEAD", whole=whole)

    def _for_the_caller(self, answer: Answer) -> Answer:
        """What is read depends on who asks: no cache may take one caller's answer for another's."""
        public = any(k == b"cache-control" and v.startswith(b"public") for k, v in answer.headers)
        if public or self._scope["method"] not in ("GET", "HEAD") or answer.status not in _READ:
            return answer
        others = [(k, v) for k, v in answer.headers if k != b"vary"]
        varying = b", ".join([*(v for k, v in answer.headers if k == b"vary"), b"Authorization"])
        return answer._replace(headers=[*others, (b"vary", varying)])

    def _represent(self, answer: Answer) -> Answer:
        """Tag, answer 304, compress: what depends on the whole body."""
        named = {name: value for name, value in answer.headers if name != b"content-length"}
        cookies = [(k, v) for k, v in answer.headers if k == b"set-cookie"][1:]
        if self._scope["method"] in ("GET", "HEAD") and answer.status == HTTPStatus.OK:
            return self._read(named, answer.body, cookies)
        named.setdefault(b"cache-control", b"no-store")
        body = self._compressed(named, answer.body, entry=None)
        if answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            named[b"content-length"] = b"%d" % len(body)
        return Answer(answer.status, [*named.items(), *cookies, *SECURITY], body)

    def _read(self, named: dict[bytes, bytes], body: bytes, cookies: Headers) -> Answer:
        named.setdefault(b"cache-control", b"private, no-cache")
        tag = named.get(b"etag", b"").decode() or etags.body_etag(body)
        named[b"etag"] = tag.encode()
        if (link := responses.links(self._scope["path"], self._scope["query_string"], body)) is not None:
            named[b"link"] = link.encode("latin-1")
        entry = self.state.found.entry if self.state.found else None
        if entry is not None and (entry.body is not body or cookies or b"set-cookie" in named):
            entry = self.state.found = None  # the route made something else of it
        body = self._compressed(named, body, entry=entry)
        named[b"content-length"] = b"%d" % len(body)
        headers = [*named.items(), *cookies, *SECURITY]
        if entry is not None:
            applied = coding(self.state) if b"content-encoding" in named else "identity"
            forms = _kept_form(200, headers, body), _kept_form(304, _of_304(headers), b"")
            entry.answers[coding(self.state)] = Kept(*forms, applied)
        if_none_match = self.state.given.get(b"if-none-match")
        if if_none_match and etags.matches(if_none_match.decode("latin-1"), tag):
            return Answer(304, _of_304(headers), b"")
        return Answer(200, headers, body)

    def _compressed(self, named: dict[bytes, bytes], body: bytes, *, entry: Entry | None) -> bytes:
        if not named.get(b"content-type", b"").startswith(_TEXT) or b"content-encoding" in named:
            return body
        named[b"vary"] = b", ".join(filter(None, (named.get(b"vary"), b"Accept-Encoding")))
        coding = coding_of(self.state.given.get(b"accept-encoding", b""))
        if coding == "identity" or len(body) < COMPRESS_FROM_BYTES:
            return body
        named[b"content-encoding"] = coding.encode()
        if b"etag" in named:
            named[b"etag"] = etags.encoded(named[b"etag"].decode(), coding).encode()
        if entry is not None:
            return entry.encoded(coding)
        return _zstd.compress(body) if coding == "zstd" else gzip.compress(body, _GZIP_LEVEL, mtime=0)


def problem(error: AppError, path: str, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an error's problem document."""
    body = responses.encode(responses.problem_body(error, instance=path, request_id=request_id))
    return error.status, {**error.headers, "content-type": responses.PROBLEM_MEDIA_TYPE}, body


def refusal(error: AppError) -> bytes:
    """The whole answer to what came before there was a request; the connection ends with it."""
    request_id = f"{random.getrandbits(128):032x}"
    status, named, body = problem(error, "", request_id)
    headers = _raw({**named, "content-length": str(len(body)), "x-request-id": request_id, "connection": "close"})
    return _kept_form(status, [*headers, *SECURITY], body).head + b"\r\n" + body


def _of_304(headers: Headers) -> Headers:
    return [*((name, value) for name, value in headers if name in _KEPT_OF_304), *SECURITY]


def _raw(headers: dict[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _kept_headers() -> tuple[str, ...]:
    from etter_common.idempotency import KEPT_HEADERS

    return KEPT_HEADERS
