"""Bodies that are no text, and half characters in those that are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_common.texts import fault_of, has_half_a_character

UNITS = st.lists(st.sampled_from([0x41, 0x5C, 0x22, 0x75, 0xD83D, 0xDE00, 0xE9]), max_size=8)


@given(UNITS)
def test_half_a_character_is_found_wherever_it_is(units: list[int]) -> None:
    text = "".join(map(chr, units))
    body = json.dumps({"a": text, text: [text]}).encode()
    paired = text.encode("utf-16", "surrogatepass")
    try:
        paired.decode("utf-16")
        is_whole = True
    except UnicodeDecodeError:
        is_whole = False
    assert has_half_a_character(body) is not is_whole


@pytest.mark.parametrize(
    "body", [b'"\\ud83d\\uDE00"', b'"\\\\ud800"', b'{"\\u00e9": "\xc3\xa9"}', b"[]", b'"\\\\\\\\ud800"']
)
def test_what_is_whole_is_taken(body: bytes) -> None:
    assert fault_of(body) is None


@pytest.mark.parametrize(
    "body", [b'"\\ud83d \\ude00"', b'"\\\\\\ud800"', b'{"\\uDC00": 1}', b'"\\ud83d\\ud83d\\ude00"']
)
def test_half_a_character_is_a_wrong_value(body: bytes) -> None:
    fault = fault_of(body)
    assert fault is not None
    assert (fault.status, fault.code) == (422, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "body", ['{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-16-le"), b'"\xed\xa0\x80"', b"\xff"]
)
def test_what_is_not_utf_8_is_no_json(body: bytes) -> None:
    fault = fault_of(body)
    assert fault is not None
    assert (fault.status, fault.code) == (400, "BAD_REQUEST")
