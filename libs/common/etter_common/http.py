"""Client for systems outside Etter: bounded in time, size and retries, and deaf to addresses inside the network.

The guard sits where the connection is made: a name is resolved once, every address it has must be public,
and the connection goes to that address, so a name that resolves differently the next moment gains nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final
from urllib.parse import urljoin

import httpx2

from etter_common import logging, metrics
from etter_common.circuit import Circuit
from etter_common.clock import monotonic
from etter_common.errors import Unavailable, Unprocessable
from etter_common.netguard import GuardedTransport, NotPublic, resolve_host
from etter_common.redaction import redact_text

MAX_BYTES: Final = 10 * 1024 * 1024
TOTAL_S: Final = 15.0
ATTEMPTS: Final = 3

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # RFC 9110 §9.2.2
_AGAIN: Final = frozenset({429, 502, 503, 504})
_AWAY: Final = frozenset({502, 503, 504})
_MAX_CIRCUITS: Final = 1000
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 3
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_TIMEOUTS: Final = httpx2.Timeout(5.0, connect=3.0, pool=3.0)
_LIMITS: Final = httpx2.Limits(max_connections=20, max_keepalive_connections=5, keepalive_expiry=30)


class OutboundFailed(Unavailable):
    code, title = "OUTBOUND_FAILED", "A system outside Etter did not answer as it should"


class ReplyTooLarge(OutboundFailed):
    code, title = "OUTBOUND_REPLY_TOO_LARGE", "A system outside Etter answered with too much"


class TargetNotAllowed(Unprocessable):
    code, title = "TARGET_NOT_ALLOWED", "This address may not be called"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer of whatever status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class RetryBudget:
    """Retries may be a fifth of all calls, after a start of ten: a system that is down is not hit three times."""

    def __init__(self, *, share: float = 0.2, most: float = 10.0) -> None:
        self._share, self._most, self._left = share, most, most

    def earn(self) -> None:
        self._left = min(self._most, self._left + self._share)

    def spend(self) -> bool:
        if self._left < 1:
            return False
        self._left -= 1
        return True


class HttpClient:
    """Calls one outside system; `target` is its name in metrics, a fixed word.

    Public addresses are called by https. Only the hosts of `allowed_hosts`, which come from the operator's
    settings and never from a tenant, may be private and may be called by plain http. Redirects are followed
    for GET and HEAD to the same origin alone. Answers are taken uncompressed, so that none grows past its
    bound on the way in.
    """

    def __init__(
        self,
        target: str,
        *,
        allowed_hosts: Collection[str] = (),
        total_s: float = TOTAL_S,
        attempts: int = ATTEMPTS,
        max_bytes: int = MAX_BYTES,
        resolve: Callable[[str, int], list[str]] = resolve_host,
    ) -> None:
        self._target = target
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._total_s = total_s
        self._attempts = attempts
        self._max_bytes = max_bytes
        self._budget = RetryBudget()
        self._circuits: dict[tuple[str, str, int | None], Circuit] = {}
        transport = GuardedTransport(allowed_hosts=self._allowed, resolve=resolve, limits=_LIMITS)
        self._client = httpx2.AsyncClient(
            transport=transport, timeout=_TIMEOUTS, trust_env=False, follow_redirects=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Reply:
        """The answer, whatever its status, within the total time.

        Raises `TargetNotAllowed`, `ReplyTooLarge`, or `OutboundFailed` when no answer came. Idempotent
        methods are tried again after lost connections, timeouts, 429, 502, 503 and 504, as far as attempts
        and budget go. A host that failed five times in a row is left alone for a while (`circuit`).
        """
        circuit = self._circuit_of(self._checked(url))
        refusal_s = circuit.refusal_s()
        if refusal_s is not None:
            self._count("refused")
            detail = f"{self._target} has not answered lately and is left alone"
            raise OutboundFailed(detail, retry_after_s=ceil(refusal_s))
        try:
            reply = await self._call(method, url, headers=headers, content=content)
        except ReplyTooLarge:
            circuit.note(ok=True)
            raise
        except OutboundFailed:
            circuit.note(ok=False)
            raise
        circuit.note(ok=reply.status not in _AWAY)
        return reply

    async def _call(self, method: str, url: str, *, headers: Mapping[str, str] | None, content: bytes | None) -> Reply:
        self._budget.earn()
        outgoing = {**(headers or {}), "accept-encoding": "identity", **_request_id()}
        try:
            async with asyncio.timeout(self._total_s):
                reply = await self._with_redirects(method, url, headers=outgoing, content=content)
        except TimeoutError as error:
            self._count("timeout")
            raise OutboundFailed(f"{self._target} took longer than {self._total_s:g} s") from error
        except (httpx2.HTTPError, OSError) as error:
            self._count("failed")
            raise OutboundFailed(f"{self._target} could not be reached") from error
        self._count(f"{reply.status // 100}xx")
        return reply

    def _circuit_of(self, url: httpx2.URL) -> Circuit:
        """One for each origin; those not used for longest are forgotten."""
        origin = _origin(url)
        circuit = self._circuits.pop(origin, None) or Circuit()
        self._circuits[origin] = circuit
        if len(self._circuits) > _MAX_CIRCUITS:
            del self._circuits[next(iter(self._circuits))]
        return circuit

    async def _with_redirects(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        for _ in range(_MAX_REDIRECTS + 1):
            target = self._checked(url)
            reply = await self._with_retries(method, target, headers=headers, content=content)
            location = reply.headers.get("location")
            if reply.status not in _REDIRECTS or not location or method not in ("GET", "HEAD"):
                return reply
            url = urljoin(str(target), location)
            if _origin(self._checked(url)) != _origin(target):
                raise TargetNotAllowed(f"{self._target} redirects to another host")
        raise OutboundFailed(f"{self._target} redirects more than {_MAX_REDIRECTS} times")

    async def _with_retries(
        self, method: str, url: httpx2.URL, *, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        last = self._attempts if method in _IDEMPOTENT else 1
        for attempt in range(1, last + 1):
            may_retry = attempt < last
            try:
                reply = await self._once(method, url, headers=headers, content=content)
                if reply.status not in _AGAIN or not may_retry or not self._budget.spend():
                    return reply
                pause_s = _pause(attempt, reply.headers.get("retry-after"))
            except httpx2.TransportError:
                if not may_retry or not self._budget.spend():
                    raise
                pause_s = _pause(attempt, None)
            metrics.OUTBOUND_RETRIES.labels(self._target).inc()
            await asyncio.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, method: str, url: httpx2.URL, *, headers: Mapping[str, str], content: bytes | None) -> Reply:
        began = monotonic()
        try:
            async with self._client.stream(method, url, headers=dict(headers), content=content) as response:
                body = await self._bounded(response)
                return Reply(response.status_code, dict(response.headers), body)
        except NotPublic as error:
            raise TargetNotAllowed(f"{url.host} is not a public address") from error
        finally:
            metrics.OUTBOUND_SECONDS.labels(self._target).observe(monotonic() - began)

    async def _bounded(self, response: httpx2.Response) -> bytes:
        coding = response.headers.get("content-encoding", "identity")
        if coding != "identity":
            raise OutboundFailed(f"{self._target} answers in the coding {redact_text(coding, limit=40)}")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._max_bytes:
                raise ReplyTooLarge(f"{self._target} answered with more than {self._max_bytes} bytes")
        return bytes(body)

    def _checked(self, address: str) -> httpx2.URL:
        try:
            url = httpx2.URL(address)
        except httpx2.InvalidURL as error:
            raise TargetNotAllowed("this is not a URL") from error
        if url.userinfo:
            raise TargetNotAllowed("a URL may not hold a user or password")
        schemes = ("https", "http") if url.host.lower() in self._allowed else ("https",)
        if not url.host or url.scheme not in schemes:
            raise TargetNotAllowed("only https URLs with a host may be called")
        return url

    def _count(self, outcome: str) -> None:
        metrics.OUTBOUND_REQUESTS.labels(self._target, outcome).inc()


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port


def _pause(attempt: int, retry_after: str | None) -> float:
    """What the server asks for, or a random part of a doubling time (full jitter); never past five seconds."""
    if retry_after is not None and retry_after.isdigit():
        return min(float(retry_after), _LONGEST_PAUSE_S)
    longest = min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S)
    return random.uniform(0, longest)  # noqa: S311 - spreads retries


def _request_id() -> dict[str, str]:
    request_id = logging.current_ids().get("request_id")
    return {"x-request-id": str(request_id)} if request_id else {}
