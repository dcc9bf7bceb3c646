"""What the outermost layer and the dependencies of one request tell each other; lives in `scope["etter"]`."""

from __future__ import annotations

import random
import re
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from etter_common.clock import monotonic
from etter_common.context import Context, Found, Origin
from etter_common.work_trace import WorkTrace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Mapping, Sequence

    from starlette.types import Scope

    from etter_common.auth import Principal
    from etter_common.db.query_log import QueryLog
    from etter_common.idempotency import Claim
    from etter_common.incoming import Incoming
    from etter_common.overload import Gate, Place
    from etter_common.ratelimit import Decision
    from etter_common.shortcut import Recall

MAX_HEADERS: Final = 100
MAX_HEAD_BYTES: Final = 64 * 1024

ARRIVED: Final = "etter.arrived"
"""Where a server that knows says when it had read the request's head, on the monotonic clock."""

OVERSIZED: Final = "etter.oversized"
"""Set by a server that knows that the request's head has more bytes than a head may have."""

GIVEN: Final = "etter.given"
"""Where the headers by name are, if somebody has made that already."""

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._\-]{8,128}")


class RequestState:
    """Filled from the request's headers at once; the rest by whoever learns it."""

    route: str | None = None
    query_names: frozenset[str] = frozenset()  # parameters that the route knows
    path: str | None = None  # as logs may show it, where that is known already
    principal: Principal | None = None
    gate: Gate | None = None
    place: Place | None = None  # at that gate
    context: Context | None = None
    queries: QueryLog | None = None
    found: Found | None = None  # what the cache answers this request with
    recall: Recall | None = None  # what the second tier of the cache may answer it with
    claim: Claim | None = None
    still_permitted: Callable[[], Awaitable[None]] | None = None  # raises once the caller would be refused
    incoming: Incoming | None = None  # where the request has a body
    limit: Decision | None = None  # of the rate limit that was counted last
    error: BaseException | None = None
    status: int = 500
    cors: tuple[tuple[bytes, bytes], ...] = ()  # headers for the origin that asks, on every answer
    needs_route: bool = False  # it is known that no answer is at hand

    def __init__(self, scope: Scope, proxies: Container[str]) -> None:
        self.started: float = scope.get(ARRIVED) or monotonic()
        self.given: Mapping[bytes, bytes] = scope.get(GIVEN) or by_name(scope["headers"])
        self.trace = WorkTrace(self.given.get(b"traceparent"))
        request_id = self.given.get(b"x-request-id")
        if request_id is None or not _REQUEST_ID.fullmatch(request_id):
            request_id = b"%032x" % random.getrandbits(128)
        self.raw_id = request_id
        self.request_id = request_id.decode("ascii")
        self.client_ip = _client_ip(scope, self.given, proxies)
        self.headers: dict[str, str] = {}  # added to whatever answer goes out
        self.held: list[str] = []  # callers counted at the gate

    @cached_property
    def ids(self) -> dict[str, Any]:
        """On every log line of the request; grows with what becomes known."""
        return {"request_id": self.request_id}

    @property
    def origin(self) -> Origin:
        user_agent = self.given.get(b"user-agent", b"").decode("latin-1")[:300] or None
        return Origin(self.request_id, self.trace.traceparent, self.client_ip, user_agent)

    def know(self, principal: Principal) -> None:
        """The caller is known from here on, in logs too."""
        self.principal = principal
        self.ids["company_id"], self.ids["user_id"] = principal.company, principal.user
        if principal.api_key is not None:
            self.ids["api_key_id"] = principal.api_key

    def hold(self, caller: str) -> None:
        """Count this request as one of the caller's that are open; raises `TooManyAtOnce`."""
        if self.gate is not None:
            self.gate.hold(caller)
            self.held.append(caller)

    def let_go(self) -> None:
        while self.gate is not None and self.held:
            self.gate.let_go(self.held.pop())


def by_name(headers: Sequence[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Of a name given twice, the first."""
    return dict(reversed(headers))


def _client_ip(scope: Scope, headers: Mapping[bytes, bytes], proxies: Container[str]) -> str | None:
    """The peer, or the last address a trusted proxy did not add itself (ASVS 15.3.4)."""
    peer: str | None = scope["client"][0] if scope.get("client") else None
    if peer not in proxies:
        return peer
    forwarded = headers.get(b"x-forwarded-for")
    if forwarded is None:
        return peer
    for part in reversed(forwarded.decode("latin-1").split(",")):
        try:
            address = str(ip_address(part.strip()))
        except ValueError:
            break
        if address not in proxies:
            return address
    return peer
