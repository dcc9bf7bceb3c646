"""API keys: how one is written, and those that count, kept in memory by id.

    etter_019ab0f27c1e7a529c113f0d5b8e2a64_HTyEqQ…43…8Zk0x3kQ2
    ^      ^                               ^               ^
    |      its id, which is no secret      32 random bytes  CRC-32 of all before it

Secret scanners find the prefix, and whoever finds a key can name it without telling its secret. The checksum tells a
key from what only looks like one, before anything is looked up. Letters and digits alone: a double click takes it all.

Auth writes what a service must know of each key to the bucket `auth-api-keys`, by its id; all services watch it.
"""

from __future__ import annotations

import hmac
import math
import re
import string
import zlib
from typing import Final
from uuid import UUID

import msgspec
import structlog

from etter_common import crypto
from etter_common.freshness import Freshness

PREFIX: Final = "etter_"
BUCKET: Final = "auth-api-keys"
REVOKED: Final = b"null"
"""What the bucket says of a key that counts no more. It can be said again after a loss, as no deletion could."""

_SECRET_BYTES: Final = 32
_SECRET_DIGITS, _CHECK_DIGITS = 43, 6  # 62**43 > 2**256, 62**6 > 2**32
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LENGTH: Final = len(PREFIX) + 32 + 1 + _SECRET_DIGITS + _CHECK_DIGITS
_FORM: Final = re.compile(rf"{PREFIX}(?P<id>[0-9a-f]{{32}})_[0-9A-Za-z]{{{_SECRET_DIGITS + _CHECK_DIGITS}}}")
_log = structlog.get_logger(__name__)


class Entry(msgspec.Struct, frozen=True):
    """What a service knows of a key that counts. `expires_at`: seconds since 1970.

    A plain SHA-256 is enough: nobody can try 2^256 keys, so neither a salt nor a slow hash would add anything, and what
    the bucket holds opens nothing.
    """

    sha256: bytes
    company_id: UUID
    user_id: UUID
    role: str
    expires_at: int


def new(key_id: UUID) -> str:
    """A key with 256 random bits; it is shown once, and only `crypto.hash_token` of it is kept."""
    secret = int.from_bytes(crypto.random_bytes(_SECRET_BYTES))
    body = f"{PREFIX}{key_id.hex}_{_base62(secret, _SECRET_DIGITS)}"
    return body + _checksum(body)


def id_of(key: str) -> UUID | None:
    """The id in a well-formed key; `None` for anything else, whatever its length and characters."""
    if len(key) != _LENGTH or not (form := _FORM.fullmatch(key)):
        return None
    body, checksum = key[:-_CHECK_DIGITS], key[-_CHECK_DIGITS:]
    return UUID(hex=form["id"]) if _checksum(body) == checksum else None


class ApiKeys:
    """The keys that count, as the bucket tells them; an entry stays the same object until it changes."""

    def __init__(self, *, max_age_s: float = math.inf) -> None:
        self._entries: dict[str, Entry] = {}
        self.freshness = Freshness(max_age_s=max_age_s)

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key_id: str, value: bytes) -> None:
        """An entry or `REVOKED`; one that cannot be read counts as revoked."""
        try:
            entry = msgspec.json.decode(value, type=Entry | None)
        except msgspec.DecodeError:
            _log.warning("api_key_unreadable", api_key_id=key_id)
            entry = None
        if entry is None:
            self.drop(key_id)
        elif self._entries.get(key_id) != entry:
            self._entries[key_id] = entry

    def drop(self, key_id: str) -> None:
        self._entries.pop(key_id, None)

    def get(self, key_id: str | None) -> Entry | None:
        return self._entries.get(key_id) if key_id else None

    def find(self, key: str) -> tuple[UUID, Entry] | None:
        """Id and entry of a key whose secret is the right one."""
        key_id = id_of(key)
        entry = self.get(str(key_id)) if key_id else None
        if key_id is None or entry is None or not hmac.compare_digest(crypto.hash_token(key), entry.sha256):
            return None
        return key_id, entry


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_DIGITS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
