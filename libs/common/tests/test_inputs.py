"""Strings and amounts: what is taken is what the schema says is valid."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from etter_common.inputs import Money, line, note, text, words

KINDS: dict[str, Any] = {
    "line": Annotated[str, line(10)],
    "text": Annotated[str, text(10)],
    "note": Annotated[str, note(10)],
    "words": Annotated[str, words(10)],
    "money": Money,
}
CASES = [
    ("line", " a b ", "a b"), ("line", " ", None), ("line", "a\nb", None), ("line", "a" * 11, None), ("line", "", None),
    ("text", "a\nb", "a\nb"), ("text", "\n\t ", None), ("text", "a\0", None), ("text", "\u00a0\u2003", None),
    ("text", "\x85", None),
    ("note", " ", ""), ("note", "\0", None), ("note", "a" * 11, None),
    ("words", " ", " "), ("words", "", None), ("words", "\0", None),
    ("money", 52000, Decimal(52000)), ("money", 0.57, Decimal("0.57")), ("money", "12.30", Decimal("12.30")),
    ("money", 0.999, Decimal(1)), ("money", "1.234", None), ("money", -1, None), ("money", 10**12, None),
    ("money", "x", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "taken"), CASES)
def test_the_schema_and_the_validator_agree(kind: str, given: Any, taken: Any) -> None:
    adapter = TypeAdapter[Any](KINDS[kind])
    is_valid = Draft202012Validator(adapter.json_schema(mode="validation")).is_valid(given)
    assert is_valid is (taken is not None)
    if taken is None:
        with pytest.raises(ValidationError):
            adapter.validate_python(given)
    else:
        assert adapter.validate_python(given) == taken


def test_a_binary_fraction_is_the_amount_that_was_meant() -> None:
    assert str(TypeAdapter(Money).validate_python(57 * 0.01)) == "0.57"
