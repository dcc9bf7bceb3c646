"""Who calls: access tokens and API keys, checked without asking anybody, against what is watched into memory.

Auth writes public keys, revocations and API keys to JetStream key-value buckets; every service follows them. While NATS
or auth is unavailable a service goes on with what it knows, for a stated time (docs/decisions/0019). The service that
owns sessions and API keys is the authority: it also asks its own database.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import msgspec
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from etter_common import api_keys
from etter_common.api_keys import ApiKeys
from etter_common.clock import epoch_s
from etter_common.errors import Unauthenticated, VerificationUnavailable
from etter_common.freshness import Freshness
from etter_common.permissions import permissions_of

ALGORITHM: Final = "Ed25519"  # RFC 9864; ASVS 9.1.2: the only algorithm taken
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068 §2.1
ISSUER: Final = "etter-auth"
AUDIENCE: Final = "etter"  # one audience for all four services, see docs/decisions/0004
ACCESS_TOKEN_LIFETIME_S: Final = 600
KEYS_BUCKET: Final = "auth-keys"
REVOCATIONS_BUCKET: Final = "auth-revocations"
REVOCATIONS_KEPT_S: Final = ACCESS_TOKEN_LIFETIME_S + 60
_LEEWAY_S = 5
log = structlog.get_logger(__name__)
_CACHE_SIZE = 10_000
_MAX_TOKEN_LENGTH = 4096


@dataclass(frozen=True)
class Principal:
    """The verified caller: a user in a session, or an API key that acts for the user who made it.

    Of `session_id` and `key_id` it has one.
    """

    user_id: UUID
    company_id: UUID
    session_id: UUID | None
    roles: tuple[str, ...]
    permissions: frozenset[str]
    expires_at: int
    key_id: UUID | None = None
    key_sha256: bytes | None = None

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @cached_property
    def user(self) -> str:
        return str(self.user_id)

    @cached_property
    def company(self) -> str:
        return str(self.company_id)

    @property
    def caller_id(self) -> UUID:
        """The key's id, or the user's where there is none."""
        return self.key_id or self.user_id

    @cached_property
    def caller_key(self) -> str:
        """What limits count this caller by."""
        return f"key:{self.key_id}" if self.key_id else f"user:{self.user_id}"

    @cached_property
    def company_key(self) -> str:
        return f"company:{self.company_id}"

    @cached_property
    def session(self) -> str:
        return str(self.session_id)

    @cached_property
    def api_key(self) -> str | None:
        """The key's id as logs and histories tell it."""
        return str(self.key_id) if self.key_id else None


class KeyRing:
    """Public keys by `kid`, as auth publishes them."""

    def __init__(self, *, max_age_s: float = math.inf) -> None:
        self._keys: dict[str, OKPKey] = {}
        self.set = KeySet([])
        self.freshness = Freshness(max_age_s=max_age_s)
        self.on_drop: list[Callable[[], None]] = []

    def put(self, kid: str, jwk: bytes) -> None:
        """A key under its own id; an entry that is none counts as no key."""
        try:
            key = OKPKey.import_key(msgspec.json.decode(jwk))
        except (msgspec.DecodeError, JoseError, ValueError, TypeError, KeyError):
            key = None
        if key is None or key.kid != kid:
            log.error("signing_key_unreadable", kid=kid)
            self.drop(kid)
            return
        self._keys[kid] = key
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
    """Ended sessions, and users whose tokens issued before a moment no longer count. Entries end with the tokens.

    They may get as old as they like: a token that outlives its session unheard lives 10 minutes at most.
    """

    def __init__(self) -> None:
        self.freshness = Freshness()
        self._sessions: dict[str, float] = {}
        self._users: dict[str, tuple[int, float]] = {}

    def put(self, key: str, value: bytes) -> None:
        """`session.<id>` or `user.<id>` with the cut-off second as value."""
        kind, _, ident = key.partition(".")
        until = epoch_s() + ACCESS_TOKEN_LIFETIME_S + 60
        if kind == "session":
            self._sessions[ident] = until
        elif kind == "user":
            self._users[ident] = (_second(value), until)
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


class _Seen(NamedTuple):
    """What was verified before: a token that was issued then, or a key by its entry of that moment."""

    principal: Principal
    issued_at: int
    entry: api_keys.Entry | None = None


class Authority(Protocol):
    """Decides about callers by its own database, in the service that owns their records, whatever the buckets say."""

    def guard(self, principal: Principal) -> str:
        """A SELECT that has a row while the session or API key counts with these very roles, and no row after that.

        It goes out in the round trip that begins the request's transaction.
        """


class TokenVerifier:
    """Checks a token's signature or a key's secret once, then remembers it until it ends.

    Revocations count on every use; a key is known again for as long as its entry is the same. Copies that are older
    than they may be vouch for no one. `authority` is set in the one service that has the records themselves.
    """

    authority: Authority | None = None

    def __init__(self, keys: KeyRing, revocations: Revocations, known_keys: ApiKeys | None = None) -> None:
        self._keys = keys
        keys.on_drop.append(self.forget)
        self._revocations = revocations
        self._api_keys = ApiKeys() if known_keys is None else known_keys
        self._known: OrderedDict[str, _Seen] = OrderedDict()
        self._by_header: OrderedDict[bytes, _Seen] = OrderedDict()
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
        """The principal of a valid token or API key, by what is in memory.

        Raises `Unauthenticated` without telling what was wrong, or `VerificationUnavailable`.
        """
        self._require_fresh(is_key=token.startswith(api_keys.PREFIX))
        seen = self._known.get(token)
        if seen is None or self._has_changed(seen):
            self._known.pop(token, None)
            seen = self._check(token)
        principal = seen.principal
        if principal.expires_at + _LEEWAY_S < epoch_s():
            self._known.pop(token, None)
            raise Unauthenticated(f"the {'API key' if seen.entry else 'access token'} has expired")
        if seen.entry is None and self._revocations.ended(principal.session, principal.user, seen.issued_at):
            raise Unauthenticated("the session has ended")
        return principal

    def forget(self) -> None:
        """Check every token anew."""
        self._known.clear()
        self._by_header.clear()

    def known(self, authorization: bytes) -> Principal | None:
        """The principal of an `Authorization` header whose token was verified before and still counts.

        None where memory alone does not decide.
        """
        if self.authority is not None:
            return None
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
        principal, issued_at, entry = found
        if entry is None:
            ended = self._revocations.ended(principal.session, principal.user, issued_at)
        else:
            ended = self._api_keys.get(principal.api_key) is not entry
        if ended or principal.expires_at + _LEEWAY_S < epoch_s():
            del self._by_header[authorization]
            return None
        return principal if self._copy(is_key=entry is not None).is_current else None

    def _copy(self, *, is_key: bool) -> Freshness:
        return self._api_keys.freshness if is_key else self._keys.freshness

    def _require_fresh(self, *, is_key: bool) -> None:
        if self.authority is None and not self._copy(is_key=is_key).is_current:
            what = "API keys" if is_key else "access tokens"
            raise VerificationUnavailable(f"{what} cannot be verified: their revocations have not arrived for too long")

    def _has_changed(self, seen: _Seen) -> bool:
        """Whether a key is another than it was, or none any more."""
        return seen.entry is not None and self._api_keys.get(seen.principal.api_key) is not seen.entry

    def _check(self, token: str) -> _Seen:
        checked = self._check_key(token) if token.startswith(api_keys.PREFIX) else self._check_token(token)
        self._known[token] = checked
        if len(self._known) > _CACHE_SIZE:
            self._known.popitem(last=False)
        return checked

    def _check_key(self, key: str) -> _Seen:
        found = self._api_keys.find(key)
        if found is None:
            raise Unauthenticated("the API key is not valid")
        key_id, entry = found
        return _Seen(_principal_of_key(key_id, entry), 0, entry)

    def _check_token(self, token: str) -> _Seen:
        if len(token) > _MAX_TOKEN_LENGTH:
            raise Unauthenticated("the access token is not valid")
        try:
            decoded = jwt.decode(token, self._keys.set, algorithms=[ALGORITHM])
            if decoded.header.get("typ") != TOKEN_TYPE or "kid" not in decoded.header:
                raise Unauthenticated("the access token is not valid")
            self._claims.validate(decoded.claims)
            _refuse_odd_lifetime(int(decoded.claims["iat"]), int(decoded.claims["exp"]))
            return _Seen(_principal(decoded.claims), int(decoded.claims["iat"]))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Unauthenticated("the access token is not valid") from error


def bearer_token(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer` header (RFC 6750 §2.1), `None` for anything else."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _refuse_odd_lifetime(issued_at: int, expires_at: int) -> None:
    """Auth issues no token for longer, and none ahead of time: one like that is forged, whoever signed it."""
    if expires_at - issued_at > ACCESS_TOKEN_LIFETIME_S + _LEEWAY_S:
        raise Unauthenticated("the access token is not valid")
    if issued_at > epoch_s() + _LEEWAY_S:
        raise Unauthenticated("the access token is not valid")


def _second(value: bytes) -> int:
    """The cut-off of a user's tokens; for an entry that cannot be read this very second."""
    return int(value) if value.isdigit() else int(epoch_s())


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


def _principal_of_key(key_id: UUID, entry: api_keys.Entry) -> Principal:
    return Principal(
        user_id=entry.user_id,
        company_id=entry.company_id,
        session_id=None,
        roles=(entry.role,),
        permissions=permissions_of((entry.role,)),
        expires_at=entry.expires_at,
        key_id=key_id,
        key_sha256=entry.sha256,
    )
