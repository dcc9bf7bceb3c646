"""Strings and amounts in requests: bounded, trimmed, storable, with patterns that say so in the document."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

_DIGITS: Final = 12
_DECIMALS: Final = 2


def line(max_length: int) -> StringConstraints:
    """One line with something in it: no control characters."""
    pattern = r"^[^\x00-\x1f]*[^\x00-\x1f\s\x85][^\x00-\x1f]*$"
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length, pattern=pattern)


def text(max_length: int) -> StringConstraints:
    """Something that can be stored, of any number of lines."""
    pattern = r"^[^\x00]*[^\x00\s\x85][^\x00]*$"
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length, pattern=pattern)


def note(max_length: int) -> StringConstraints:
    """The same, or nothing."""
    return StringConstraints(strip_whitespace=True, max_length=max_length, pattern=r"^[^\x00]*$")


def words(max_length: int) -> StringConstraints:
    """What is searched or filtered by, as it was typed."""
    return StringConstraints(min_length=1, max_length=max_length, pattern=r"^[^\x00]+$")


def _rounded(value: Any) -> Any:
    return Decimal(str(round(value, _DECIMALS))) if isinstance(value, float) else value


Money = Annotated[
    Decimal,
    BeforeValidator(_rounded),
    Field(ge=0, max_digits=_DIGITS + _DECIMALS, decimal_places=_DECIMALS),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 10**_DIGITS - 1},
                {"type": "string", "pattern": rf"^[0-9]{{1,{_DIGITS}}}(\.[0-9]{{1,{_DECIMALS}}})?$"},
            ]
        },
        mode="validation",
    ),
]
"""An amount with two decimals: exact as a string; a number, which is a binary fraction, is rounded."""
