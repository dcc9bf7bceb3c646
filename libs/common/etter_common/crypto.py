"""Random tokens, their stored form, signatures and sealed values: the only user of the crypto libraries' primitives."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def new_token(prefix: str = "") -> str:
    """A 256-bit random token, URL-safe (ASVS 11.5.1 asks for 128 bits)."""
    return prefix + secrets.token_urlsafe(32)


def random_bytes(count: int) -> bytes:
    return os.urandom(count)


def hash_token(token: str) -> bytes:
    """What is stored instead of a token: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def sign(message: bytes, *, key: bytes, purpose: str) -> bytes:
    """A 16-byte MAC that only verifies for the same purpose."""
    return hmac.new(key, purpose.encode() + b"\0" + message, hashlib.sha256).digest()[:16]


def verify(message: bytes, signature: bytes, *, keys: Sequence[bytes], purpose: str) -> bool:
    """Constant-time check of `sign` by one of `keys`."""
    return any(hmac.compare_digest(sign(message, key=key, purpose=purpose), signature) for key in keys)


def seal(plain: bytes, *, key: bytes, purpose: str) -> bytes:
    """AES-256-GCM with a random nonce in front; `purpose` is authenticated with it (ASVS 11.3.2)."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_derive(key, purpose)).encrypt(nonce, plain, purpose.encode())


def unseal(sealed: bytes, *, key: bytes, purpose: str) -> bytes:
    """The inverse of `seal`; raises `cryptography.exceptions.InvalidTag` for anything else."""
    nonce, cipher = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return AESGCM(_derive(key, purpose)).decrypt(nonce, cipher, purpose.encode())


def is_sealed(sealed: bytes, *, key: bytes, purpose: str) -> bool:
    """Whether `key` opens it."""
    try:
        unseal(sealed, key=key, purpose=purpose)
    except InvalidTag:
        return False
    return True


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, b"seal\0" + purpose.encode(), hashlib.sha256).digest()
