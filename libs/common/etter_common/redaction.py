"""Blacks out secrets in what is about to be logged: by the field's name and by the value's shape."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from structlog.typing import EventDict, WrappedLogger

REDACTED: Final = "[redacted]"
MAX_TEXT: Final = 8_192
MAX_EXCEPTION: Final = 32_768
MAX_ITEMS: Final = 100
MAX_DEPTH: Final = 6
MAX_INT: Final = 1 << 63

_SECRET_NAME: Final = re.compile(
    r"(^|_)(password|passwd|passphrase|pwd|secret|token|authorization|cookie|credential|api_?key|private_?key|"
    r"secret_?key|signing_?key|totp|otp|jwt|dsn|session_?key)s?($|_)"
)
# what is told about a secret is not the secret: token_id, tokens_used, cookie_count
_ABOUT_A_SECRET: Final = re.compile(r"_(id|ids|count|used|type|kind|name|ttl_s|expires_at|expires_in|at)$")
_SECRET_TEXT: Final = re.compile(
    r"""
      (?P<scheme>\bbearer\ +)[A-Za-z0-9._~+/=-]{8,}                 # RFC 6750
    | (?P<basic>\bbasic\ +)(?=[A-Za-z+/]*[0-9=])[A-Za-z0-9+/=]{8,}  # RFC 7617; not the words "basic skills"
    | (?P<api_key>etter_[0-9a-f]{32}_)\w+                           # its id may be told, its secret not
    | (?:(?<![\w-])eyJ[\w-]{4,}|\beyJ[\w-]{4,1000})\.[\w-]{4,}(?:\.[\w-]*)*  # JWS and JWE
    | -----BEGIN[ ][A-Z ]{0,40}PRIVATE[ ]KEY-----(?:[^-]|-(?!----))*(?:-----END[ ][A-Z ]{0,40}PRIVATE[ ]KEY-----)?
    | (?P<userinfo>://[^\s/:@]*:)[^\s/@]+(?=@)                     # scheme://user:secret@host
    | (?P<pair>
        (?:password|passwd|passphrase|secret|token|api[_-]?key|authorization|cookie)["']?\s*[=:]\s*["']?
      )
      (?!\[redacted\])(?:(?:bearer|basic|digest)\s+)?[^\s"'&,;)}]+  # name=value inside a text
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                                # AWS access key ids
    | \$argon2(?:id|i|d)\$[^\s"']+                                 # password hashes
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# every alternative above holds one of these, and looking for them costs a fiftieth of the expression
_HINTS: Final = (
    *("bearer ", "basic ", "eyj", "-----begin", "://", "passw", "passphrase", "secret", "token", "apikey"),
    *("etter_", "api_key", "api-key", "authorization", "cookie", "akia", "asia", "$argon2"),
)
# most texts of a log recur (events, routes, methods); only those seen to hold no secret are kept
_plain: Final[set[str]] = set()
_PLAIN_LENGTH: Final = 64
_PLAIN_COUNT: Final = 4096

_AS_THEY_ARE: Final = (bool, float, UUID, datetime, date)
_MANY: Final = (list, tuple, set, frozenset)


@lru_cache(maxsize=2048)
def is_secret_name(name: str) -> bool:
    """Whether a field of this name is never shown; `X-Api-Key`, `refreshToken` and `new_password` are."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_").lower()
    return bool(_SECRET_NAME.search(snake)) and not _ABOUT_A_SECRET.search(snake)


def redact_text(text: str, *, limit: int = MAX_TEXT) -> str:
    """`text` without what looks like a secret, cut after `limit` characters."""
    if len(text) > limit:
        text = f"{text[:limit]}… [{len(text) - limit} more]"
    if text in _plain:
        return text
    lowered = text.lower()
    if any(hint in lowered for hint in _HINTS):
        return _SECRET_TEXT.sub(_black_out, text)
    if len(text) <= _PLAIN_LENGTH:
        _remember_plain(text)
    return text


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A structlog processor: the event with secrets blacked out, in plain JSON types, bounded in size."""
    clean: EventDict = {}
    for key, value in event.items():
        if key == "exception" and isinstance(value, str):
            clean[key] = redact_text(value, limit=MAX_EXCEPTION)
        else:
            clean[key] = REDACTED if is_secret_name(key) and value is not None else _clean(value, 0)
    return clean


def scrub(value: object, *, depth: int = 12) -> object:
    """Any structure with secrets blacked out, in plain JSON types; `depth` levels of it."""
    return _clean(value, MAX_DEPTH - depth)


def _remember_plain(text: str) -> None:
    if len(_plain) >= _PLAIN_COUNT:
        _plain.clear()
    _plain.add(text)


def _black_out(match: re.Match[str]) -> str:
    kept = match["scheme"] or match["basic"] or match["userinfo"] or match["pair"] or match["api_key"] or ""
    return f"{kept}{REDACTED}"


def _clean(value: object, depth: int) -> object:
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, int):
        return value if abs(value) < MAX_INT else str(value)
    if depth >= MAX_DEPTH:
        return "[too deep]"
    if isinstance(value, dict):
        return _clean_mapping(value, depth)
    if isinstance(value, _MANY):
        return [_clean(item, depth + 1) for item in list(value)[:MAX_ITEMS]]
    return redact_text(_as_text(value))


def _clean_mapping(value: dict[object, object], depth: int) -> dict[str, object]:
    clean: dict[str, object] = {}
    for key, item in list(value.items())[:MAX_ITEMS]:
        name = _as_text(key)
        clean[name] = REDACTED if is_secret_name(name) and item is not None else _clean(item, depth + 1)
    return clean


def _as_text(value: object) -> str:
    try:
        return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    except Exception:  # whatever is logged may have a broken __str__
        return f"<{type(value).__name__}>"
