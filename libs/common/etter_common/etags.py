"""Strong entity tags (RFC 9110 §8.8.3).

A tag names bytes: it holds a hash of the body, so that nobody hears "not modified" of what another caller was sent.
A versioned resource's tag begins with its row version, which is all that `If-Match` looks at: it needs no body.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from etter_common.errors import PreconditionFailed, PreconditionRequired

MAX_TAGS_LENGTH: Final = 500
TAGS: Final = re.compile(r'^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$')
"""What `If-Match` and `If-None-Match` hold (§13.1): `*`, or entity tags."""


def body_etag(body: bytes) -> str:
    return f'"{_hash(body)}"'


def version_etag(version: int, body: bytes | None = None) -> str:
    """`"7.1f0c…"`: version 7 as `body` shows it; without a body `"7"`, which is for `If-Match` alone."""
    return f'"{version}"' if body is None else f'"{version}.{_hash(body)}"'


def encoded(etag: str, encoding: str) -> str:
    """The tag of the same representation in another content coding: other bytes, so another strong tag."""
    return f'{etag[:-1]}+{encoding}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison (§13.1.2): the client has this already, in whatever coding."""
    if if_none_match == etag:
        return True
    wanted = _opaque(etag)
    return any(tag.strip() == "*" or _opaque(tag) == wanted for tag in if_none_match.split(","))


def require_match(if_match: str | None, version: int) -> None:
    """428 without `If-Match`, 412 when it names another version (§13.1.1).

    A weak tag of the version counts too (decision 0014): a proxy that compresses makes our tags weak.
    """
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() == "*":
        return
    versions = {_opaque(tag).split(".")[0] for tag in if_match.split(",")}
    if str(version) not in versions:
        raise PreconditionFailed(current_version=version)


def _hash(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"').split("+")[0]
