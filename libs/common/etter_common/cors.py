"""Cross-origin requests (Fetch standard, CORS protocol): which sites' scripts may read the answers.

Off without a setting. Starlette's middleware wraps an application; here most cached answers leave before any
application is called, so the headers are a property of the request, added wherever an answer is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from etter_common.outgoing import SECURITY, Answer, Headers

REQUEST_HEADERS: Final = (
    "Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID",
    "Range", "X-Request-ID", "traceparent", "tracestate",
)  # fmt: skip
"""What a script may send."""
EXPOSED_HEADERS: Final = (
    "Accept", "Allow", "Content-Disposition", "Deprecation", "ETag", "Idempotency-Replayed", "Link", "Location",
    "RateLimit", "RateLimit-Policy", "Retry-After", "Sunset", "WWW-Authenticate", "X-Request-ID",
)  # fmt: skip
"""What a script may read, next to the headers that it always may."""
MAX_AGE_S: Final = 600

_VARY: Final = (b"vary", b"Origin")
_EXPOSED: Final = (b"access-control-expose-headers", ", ".join(EXPOSED_HEADERS).encode())
_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", ", ".join(REQUEST_HEADERS).encode()),
    (b"access-control-max-age", b"%d" % MAX_AGE_S),
    (b"cache-control", b"no-store"),
)


class Cors:
    """The origins that may read; credentials are tokens in a header, so cookies are not allowed along."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._by_origin = {
            origin: ((b"access-control-allow-origin", origin), _EXPOSED, _VARY)
            for origin in (given.encode() for given in origins)
        }

    def __bool__(self) -> bool:
        return bool(self._by_origin)

    def headers(self, origin: bytes | None) -> tuple[tuple[bytes, bytes], ...]:
        """What every answer to `origin` carries; caches keep answers to others apart."""
        return self._by_origin.get(origin or b"", (_VARY,))

    def preflight(self, origin: bytes | None) -> Answer | None:
        """The answer to a browser that asks before it sends; needs no token and no route."""
        if origin not in self._by_origin:
            return None
        headers: Headers = [*_PREFLIGHT, *SECURITY]
        return Answer(204, headers, b"")
