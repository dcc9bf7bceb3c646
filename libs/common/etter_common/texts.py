"""Whether a JSON body is text: UTF-8 (RFC 8259 §8.1), and every character of it whole."""

from __future__ import annotations

from typing import Final

from etter_common.errors import AppError, BadRequest, FieldError, ValidationFailed

_HIGH: Final = (b"d8", b"d9", b"da", b"db")
_LOW: Final = (b"dc", b"dd", b"de", b"df")


def fault_of(body: bytes) -> AppError | None:
    """Why it cannot be taken: what is not UTF-8 has no characters, and half of one cannot be written down again."""
    if b"\0" in body or not _is_utf8(body):
        return BadRequest("the body is not valid JSON: it must be UTF-8")
    if has_half_a_character(body):
        message = "a text holds half a character (a lone surrogate)"
        return ValidationFailed(errors=[FieldError("/body", message, "string_unicode")])
    return None


def has_half_a_character(body: bytes) -> bool:
    r"""Whether one of the escapes `\ud800` to `\udfff` lacks its other half; one step for each escape."""
    if b"\\u" not in body:
        return False
    is_begun = False
    for unit in body.replace(b"\\\\", b"//").lower().split(b"\\u")[1:]:
        if unit.startswith(_LOW) is not is_begun:
            return True
        is_begun = unit.startswith(_HIGH)
        if is_begun and len(unit) != 4:
            return True
    return is_begun


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
