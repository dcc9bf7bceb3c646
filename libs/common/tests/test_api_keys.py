"""How a key is written, and which ones count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_common import api_keys, crypto, responses
from etter_common.api_keys import ApiKeys, Entry, id_of
from etter_common.ids import new_id
from etter_common.testing.client import Caller, plant_key

CALLER = Caller(new_id(), new_id(), "analyst")


def entry(key: str) -> bytes:
    told = Entry(crypto.hash_token(key), CALLER.company_id, CALLER.user_id, "analyst", expires_at=2_000_000_000)
    return responses.encode(told)


class TestNew:
    def test_it_has_the_prefix_and_the_id_and_is_one_word(self) -> None:
        key_id = new_id()
        key = api_keys.new(key_id)
        assert key.startswith(f"etter_{key_id.hex}_")
        assert key.replace("_", "").isalnum()
        assert len(key) == 88

    def test_no_two_are_the_same(self) -> None:
        key_id = new_id()
        assert len({api_keys.new(key_id) for _ in range(100)}) == 100


class TestIdOf:
    def test_of_a_key(self) -> None:
        key_id = new_id()
        assert id_of(api_keys.new(key_id)) == key_id

    @given(st.integers(0, 87), st.sampled_from("0aZ_é\x00"))
    def test_one_wrong_character_is_seen(self, place: int, character: str) -> None:
        key = api_keys.new(new_id())
        changed = key[:place] + character + key[place + 1 :]
        assert changed == key or id_of(changed) is None

    @given(st.text(max_size=120))
    def test_whatever_else_comes_is_none(self, text: str) -> None:
        assert id_of(text) is None
        assert id_of(f"etter_{text}") is None

    @pytest.mark.parametrize("change", [lambda k: k[:-1], lambda k: k + "0", lambda k: k * 120, lambda k: k.upper()])
    def test_another_length_or_case_is_none(self, change: object) -> None:
        assert callable(change)
        assert id_of(change(api_keys.new(new_id()))) is None


class TestApiKeys:
    def test_the_right_secret_alone_opens(self) -> None:
        known, key_id = ApiKeys(), new_id()
        key = plant_key(known, CALLER, key_id=key_id)
        assert known.find(key) == (key_id, known.get(str(key_id)))
        assert known.find(api_keys.new(key_id)) is None
        assert known.find(api_keys.new(new_id())) is None

    def test_one_keys_secret_does_not_open_another(self) -> None:
        known, ids = ApiKeys(), (new_id(), new_id())
        first, second = (plant_key(known, CALLER, key_id=key_id) for key_id in ids)
        body = second[:39] + first[39:-6]
        assert known.find(body + api_keys._checksum(body)) is None

    @pytest.mark.parametrize("value", [api_keys.REVOKED, b"", b"{}", b"\xff", b'{"sha256": 1}', b"[]"])
    def test_what_says_revoked_or_cannot_be_read_ends_it(self, value: bytes) -> None:
        known, key_id = ApiKeys(), new_id()
        key = plant_key(known, CALLER, key_id=key_id)
        known.put(str(key_id), value)
        assert known.find(key) is None
        assert len(known) == 0

    def test_the_same_told_again_is_the_same_entry(self) -> None:
        known, key = ApiKeys(), api_keys.new(new_id())
        known.put("a", entry(key))
        first = known.get("a")
        known.put("a", entry(key))
        assert known.get("a") is first is not None

    def test_what_a_later_release_adds_is_ignored(self) -> None:
        known, key = ApiKeys(), api_keys.new(new_id())
        known.put("a", entry(key)[:-1] + b',"scopes":["x"]}')
        assert known.get("a") is not None
