"""argon2id of passwords in their NFKC form: making one, and finding which of an address's accounts have a password.

An address may be in several companies (decision 0017). All accounts of one share a salt, so that looking for a
password among them is one computation however many they are: its time says nothing about their number.
"""

from __future__ import annotations

import base64
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from argon2.low_level import Type, hash_secret

from etter_common import crypto

MAX_SETTINGS: Final = 4
"""So many salts or settings are tried for one address: more than one only until each account has signed in again."""
_SALT_BYTES, _HASH_BYTES = 16, 32


def normal(password: str) -> str:
    """What is hashed, counted and looked up of what was typed."""
    return unicodedata.normalize("NFKC", password)


class Digests:
    """Under today's settings of argon2id; no state but them. Each call is tens of milliseconds of a core."""

    def __init__(self, *, time_cost: int, memory_kib: int, parallelism: int) -> None:
        self._settings = (time_cost, memory_kib, parallelism)
        self._nobodys = self.make(crypto.new_token())

    def make(self, password: str, *, beside: str | None = None) -> str:
        """The stored form; with the salt of `beside`, a hash of the same address."""
        salt = _salt(beside) if beside and _is_hash(beside) else crypto.random_bytes(_SALT_BYTES)
        return _argon2id(normal(password), salt, *self._settings)

    def matching(self, stored: Sequence[str], password: str) -> Mapping[str, str | None]:
        """Those of `stored` that `password` made, each with a fresh form where it was not made as today's are.

        The work depends on what was typed, not on whose it is: without a stored hash it is done for nothing. A password
        that is not in NFKC form is tried as typed too: hashes of before the rule were made of that.
        """
        known = [one for one in stored if _is_hash(one)]
        tried = list({_prefix(one): one for one in reversed(known or [self._nobodys])}.values())[::-1][:MAX_SETTINGS]
        for form in dict.fromkeys((normal(password), password)):
            made = {_argon2id(form, _salt(one), *_settings(one)) for one in tried}
            right = [one for one in known if any(hmac.compare_digest(one, other) for other in made)]
            if right:
                return self._renewed(right, password, salt=_salt(known[0]), typed=form)
        return {}

    def _renewed(self, right: Sequence[str], password: str, *, salt: bytes, typed: str) -> dict[str, str | None]:
        as_today = all(_settings(one) == self._settings and _salt(one) == salt for one in right)
        if as_today and typed == normal(password):
            return dict.fromkeys(right)
        fresh = _argon2id(normal(password), salt, *self._settings)
        return {one: None if one == fresh else fresh for one in right}


def _argon2id(password: str, salt: bytes, time_cost: int, memory_cost: int, parallelism: int) -> str:
    made = hash_secret(password.encode(), salt, time_cost, memory_cost, parallelism, _HASH_BYTES, Type.ID)
    return made.decode()


def _is_hash(stored: str) -> bool:
    try:
        return extract_parameters(stored).type is Type.ID
    except InvalidHashError:
        return False


def _settings(stored: str) -> tuple[int, int, int]:
    made = extract_parameters(stored)
    return made.time_cost, made.memory_cost, made.parallelism


def _prefix(stored: str) -> str:
    """Settings and salt: what one computation serves."""
    return stored.rpartition("$")[0]


def _salt(stored: str) -> bytes:
    encoded = stored.split("$")[-2]
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
