"""Heads of requests that are not parsed twice.

Clients that ask again send the very same bytes. What a head was parsed into is kept once an answer to it was at hand,
so that its next copy, on this connection or another, is looked up instead. Only the parsing is saved: whether the
answer may go out again (token, revocation, limits, value) is looked at each time, as for any other request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from etter_common.bounded import Bounded
from etter_common.request_state import GIVEN, by_name

if TYPE_CHECKING:
    from starlette.types import Scope

MAX_KEPT_HEADS: Final = 2_000
MAX_KEPT_HEAD_BYTES: Final = 4 * 1024
_OF_ONE_REQUEST: Final = (b"x-request-id", b"traceparent")
"""A head with one of these does not come a second time."""
_OF_THE_HEAD: Final = (
    "type", "asgi", "http_version", "scheme", "root_path", "headers", "method", "path", "raw_path",
    "query_string",
)  # fmt: skip


class KnownHeads:
    """What heads that were answered at hand were parsed into, by their bytes; an application has one."""

    def __init__(self, *, most: int = MAX_KEPT_HEADS) -> None:
        self._scopes: Bounded[bytes, Scope] = Bounded(most)
        self._seen_once: Bounded[int, None] = Bounded(most)  # by hash: those that come once cost no more than that

    def __len__(self) -> int:
        return len(self._scopes)

    def get(self, data: bytes) -> Scope | None:
        return self._scopes.get(data) if len(data) <= MAX_KEPT_HEAD_BYTES else None

    def learn(self, data: bytes, scope: Scope) -> None:
        """`data` is the whole of one request and nothing else; it is kept when it comes for the second time."""
        if len(data) > MAX_KEPT_HEAD_BYTES:
            return
        if hash(data) not in self._seen_once:
            self._seen_once.put(hash(data), None)
            return
        if any(name in _OF_ONE_REQUEST for name, _ in scope["headers"]):
            return
        self._scopes.put(data, {name: scope[name] for name in _OF_THE_HEAD} | {GIVEN: by_name(scope["headers"])})
