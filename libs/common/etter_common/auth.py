"""Who calls: access tokens checked without asking anybody, against keys and revocations watched into memory.

Auth writes public keys and revocations to JetStream key-value buckets; every service follows them (architecture.md).
While NATS or auth is away a service goes on with what it knows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from etter_common.clock import epoch_s
from etter_common.errors import Unauthenticated
from etter_common.permissions import permissions_of

ALGORITHM: Final = "Ed25519"  # RFC 9864; ASVS 9.1.2: the only algorithm taken
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068 §2.1
ISSUER: Final = "etter-auth"
AUDIENCE: Final = "etter"  # one audience for all four services, see docs/decisions/0004
ACCESS_TOKEN_LIFETIME_S: Final = 600
KEYS_BUCKET: Final = "auth-keys"
REVOCATIONS_BUCKET: Final = "auth-revocations"
_LEEWAY_S = 5
_CACHE_SIZE = 10_000
_MAX_TOKEN_LENGTH = 4096


@dataclass(frozen=True)
class Principal:
    """The verified caller."""

    user_id: UUID
    company_id: UUID
    session_id: UUID
    roles: tuple[str, ...]
    permissions: frozenset[str]
    expires_at: int

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @cached_property
    def user(self) -> str:
        return str(self.user_id)

    @cached_property
    def company(self) -> str:
        return str(self.company_id)

    @cached_property
    def user_key(self) -> str:
        """What limits count this user by."""
        return f"user:{self.user_id}"

    @cached_property
    def company_key(self) -> str:
        return f"company:{self.company_id}"

    @cached_property
    def session(self) -> str:
        return str(self.session_id)


class KeyRing:
    """Public keys by `kid`, as auth publishes them."""

    def __init__(self) -> None:
        self._keys: dict[str, OKPKey] = {}
        self.set = KeySet([])
        self.on_drop: list[Callable[[], None]] = []

    def put(self, kid: str, jwk: bytes) -> None:
        self._keys[kid] = OKPKey.import_key(msgspec.json.decode(jwk))
        self.set = KeySet(list(self._keys.values()))

    def drop(self, kid: str) -> None:
        """A retired key, or one nobody must trust any more: what it has signed is not remembered as good either."""
        if self._keys.pop(kid, None) is None:
            return
        self.set = KeySet(list(self._keys.values()))
        for told in self.on_drop:
            told()

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self._keys.values()]}

    def __contains__(self, kid: object) -> bool:
        return kid in self._keys

    def __len__(self) -> int:
        return len(self._keys)


class Revocations:
    """Ended sessions, and users whose tokens issued before a moment no longer count. Entries end with the tokens."""

    def __init__(self) -> None:
        self._sessions: dict[str, float] = {}
        self._users: dict[str, tuple[int, float]] = {}

    def put(self, key: str, value: bytes) -> None:
        """`session.<id>` or `user.<id>` with the cut-off second as value."""
        kind, _, ident = key.partition(".")
        until = epoch_s() + ACCESS_TOKEN_LIFETIME_S + 60
        if kind == "session":
            self._sessions[ident] = until
        elif kind == "user":
            self._users[ident] = (int(value), until)
        self._prune()

    def ended(self, session_id: str, user_id: str, issued_at: int) -> bool:
        cut_off = self._users.get(user_id)
        return session_id in self._sessions or (cut_off is not None and issued_at < cut_off[0])

    def _prune(self) -> None:
        now = epoch_s()
        for key in [k for k, until in self._sessions.items() if until < now]:
            del self._sessions[key]
        for key in [k for k, (_, until) in self._users.items() if until < now]:
            del self._users[key]


class TokenVerifier:
    """Checks an access token's signature once, then remembers it until it ends; revocations count on every use."""

    def __init__(self, keys: KeyRing, revocations: Revocations) -> None:
        self._keys = keys
        keys.on_drop.append(self.forget)
        self._revocations = revocations
        self._known: OrderedDict[str, tuple[Principal, int]] = OrderedDict()
        self._by_header: OrderedDict[bytes, tuple[Principal, int]] = OrderedDict()
        self._claims = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
            company_id={"essential": True},
        )

    def verify(self, token: str) -> Principal:
        """The principal of a valid token; raises `Unauthenticated` without telling what was wrong with it."""
        principal, issued_at = self._known.get(token) or self._check(token)
        if principal.expires_at + _LEEWAY_S < epoch_s():
            self._known.pop(token, None)
            raise Unauthenticated("the access token has expired")
        if self._revocations.ended(principal.session, principal.user, issued_at):
            raise Unauthenticated("the session has ended")
        return principal

    def forget(self) -> None:
        """Check every token anew."""
        self._known.clear()
        self._by_header.clear()

    def known(self, authorization: bytes) -> Principal | None:
        """The principal of an `Authorization` header whose token was verified before and still counts."""
        found = self._by_header.get(authorization)
        if found is None:
            if (
                authorization[:7] != b"Bearer "
                or (found := self._known.get(authorization[7:].decode("latin-1"))) is None
            ):
                return None
            self._by_header[authorization] = found
            if len(self._by_header) > _CACHE_SIZE:
                self._by_header.popitem(last=False)
        principal, issued_at = found
        if principal.expires_at + _LEEWAY_S < epoch_s():
            return None
        return None if self._revocations.ended(principal.session, principal.user, issued_at) else principal

    def _check(self, token: str) -> tuple[Principal, int]:
        if len(token) > _MAX_TOKEN_LENGTH:
            raise Unauthenticated("the access token is not valid")
        try:
            decoded = jwt.decode(token, self._keys.set, algorithms=[ALGORITHM])
            if decoded.header.get("typ") != TOKEN_TYPE or "kid" not in decoded.header:
                raise Unauthenticated("the access token is not valid")
            self._claims.validate(decoded.claims)
            checked = _principal(decoded.claims), int(decoded.claims["iat"])
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Unauthenticated("the access token is not valid") from error
        self._known[token] = checked
        if len(self._known) > _CACHE_SIZE:
            self._known.popitem(last=False)
        return checked


def bearer_token(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer` header (RFC 6750 §2.1), `None` for anything else."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _principal(claims: Mapping[str, Any]) -> Principal:
    roles = tuple(str(role) for role in claims.get("roles", ()))
    return Principal(
        user_id=UUID(claims["sub"]),
        company_id=UUID(claims["company_id"]),
        session_id=UUID(claims["sid"]),
        roles=roles,
        permissions=permissions_of(roles),
        expires_at=int(claims["exp"]),
    )
