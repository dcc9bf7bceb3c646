"""Refresh tokens as strings: what is read back, what is refused."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from etter_auth import tokens
from etter_common.ids import new_id

KEY = b"k" * 32


class TestRefreshToken:
    def test_names_its_session_to_who_has_the_key(self) -> None:
        session_id = new_id()
        token = tokens.new_refresh_token(session_id, key=KEY)
        assert tokens.session_of(token, keys=[KEY]) == session_id
        assert tokens.session_of(token, keys=[b"other"]) is None

    def test_no_two_are_alike(self) -> None:
        session_id = new_id()
        assert len({tokens.new_refresh_token(session_id, key=KEY) for _ in range(100)}) == 100

    @given(st.text(max_size=200))
    def test_anything_else_is_refused(self, text: str) -> None:
        assert tokens.session_of(text, keys=[KEY]) is None

    @given(st.integers(0, 85), st.sampled_from("ABCxyz019-_"))
    def test_a_changed_character_is_refused(self, position: int, character: str) -> None:
        token = tokens.new_refresh_token(new_id(), key=KEY)
        start = len(tokens.REFRESH_PREFIX) + position
        changed = token[:start] + character + token[start + 1 :]
        if changed[:-1] != token[:-1]:  # the last character carries two bits that mean nothing
            assert tokens.session_of(changed, keys=[KEY]) is None


class TestSuccessor:
    def test_only_the_presented_token_opens_it(self) -> None:
        first, second = (tokens.new_refresh_token(new_id(), key=KEY) for _ in range(2))
        sealed = tokens.seal_successor(second, presented=first)
        assert tokens.open_successor(sealed, presented=first) == second
        with pytest.raises(InvalidTag):
            tokens.open_successor(sealed, presented=second)
