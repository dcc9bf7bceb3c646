"""Access tokens (RFC 9068) and refresh tokens: what they hold and how they are read; no I/O."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from etter_common import auth, crypto
from etter_common.ids import new_id

REFRESH_PREFIX = "etr_"  # lets secret scanners find a leaked one
_REFRESH_PURPOSE = "refresh-token"
_ID_BYTES, _RANDOM_BYTES, _MAC_BYTES = 16, 32, 16


@dataclass(frozen=True)
class Subject:
    """Whom a session's access tokens speak for."""

    user_id: UUID
    company_id: UUID
    session_id: UUID
    roles: Sequence[str]
    auth_time: int
    amr: Sequence[str]


def access_token(subject: Subject, key: OKPKey, *, issued_at: int, expires_at: int) -> str:
    """A signed access token; times in seconds since 1970."""
    header = {"alg": auth.ALGORITHM, "kid": key.kid, "typ": auth.TOKEN_TYPE}
    claims = {
        "iss": auth.ISSUER,
        "aud": auth.AUDIENCE,
        "sub": str(subject.user_id),
        "sid": str(subject.session_id),
        "company_id": str(subject.company_id),
        "roles": list(subject.roles),
        "jti": str(new_id()),
        "iat": issued_at,
        "exp": expires_at,
        "auth_time": subject.auth_time,
        "amr": list(subject.amr),
    }
    return jwt.encode(header, claims, key, algorithms=[auth.ALGORITHM])


def new_refresh_token(session_id: UUID, *, key: bytes) -> str:
    """256 random bits, the session they belong to, and a MAC.

    The MAC tells a token that once was good (so its reuse ends the session) from one that was never ours (so nobody
    ends a session by guessing its id), without a row for every token ever handed out.
    """
    body = session_id.bytes + crypto.random_bytes(_RANDOM_BYTES)
    mac = crypto.sign(body, key=key, purpose=_REFRESH_PURPOSE)
    return REFRESH_PREFIX + base64.urlsafe_b64encode(body + mac).rstrip(b"=").decode()


def session_of(refresh_token: str, *, keys: Sequence[bytes]) -> UUID | None:
    """The session a refresh token was made for; `None` when it was not made here."""
    encoded = refresh_token.removeprefix(REFRESH_PREFIX)
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(raw) != _ID_BYTES + _RANDOM_BYTES + _MAC_BYTES:
        return None
    if not crypto.verify(body, mac, keys=keys, purpose=_REFRESH_PURPOSE):
        return None
    return UUID(bytes=body[:_ID_BYTES])


def seal_successor(successor: str, *, presented: str) -> bytes:
    """The next token, readable only by who holds the one it follows: the database alone gives nothing away."""
    return crypto.seal(successor.encode(), key=presented.encode(), purpose=_REFRESH_PURPOSE)


def open_successor(sealed: bytes, *, presented: str) -> str:
    return crypto.unseal(sealed, key=presented.encode(), purpose=_REFRESH_PURPOSE).decode()
