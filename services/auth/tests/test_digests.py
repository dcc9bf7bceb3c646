"""Digests: one computation for all accounts of an address, and the same password from whichever keyboard."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from argon2 import PasswordHasher

from etter_auth.digests import MAX_SETTINGS, Digests

from .factories import counted_hashes

WORDS = "an otter sings at dusk"
COMPOSED = "pässwörter sind schön"
DECOMPOSED = normalize("NFD", COMPOSED)  # as some keyboards send it


@pytest.fixture
def digests() -> Digests:
    return Digests(time_cost=1, memory_kib=8, parallelism=1)


def as_typed(password: str) -> str:
    """A hash of before passwords were normalised."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


class TestOneAccount:
    def test_only_the_password_it_was_made_of(self, digests: Digests) -> None:
        stored = digests.make(WORDS)
        assert digests.matching([stored], WORDS) == {stored: None}
        assert digests.matching([stored], WORDS + " ") == {}

    def test_it_is_the_standard_form(self, digests: Digests) -> None:
        assert PasswordHasher().verify(digests.make(WORDS), WORDS)

    def test_two_addresses_never_share_a_salt(self, digests: Digests) -> None:
        assert digests.make(WORDS) != digests.make(WORDS)

    def test_what_is_no_hash_is_never_right(self, digests: Digests) -> None:
        assert digests.matching(["not a hash", "$argon2i$v=19$m=8,t=1,p=1$a$b"], WORDS) == {}
        assert digests.make(WORDS, beside="not a hash").startswith("$argon2id$")

    def test_other_settings_are_renewed_with_the_same_salt(self, digests: Digests) -> None:
        stored = digests.make(WORDS)
        later = Digests(time_cost=2, memory_kib=8, parallelism=1)
        fresh = later.matching([stored], WORDS)[stored]
        assert fresh is not None
        assert "t=2" in fresh
        assert later.make(WORDS, beside=stored) == fresh
        assert later.matching([fresh], WORDS) == {fresh: None}


class TestAnAddressOfSeveralCompanies:
    @pytest.mark.parametrize("companies", [0, 1, 2, 5])
    @pytest.mark.parametrize("typed", ["wrong", DECOMPOSED + " wrong"])
    def test_the_work_says_nothing_of_their_number(self, digests: Digests, companies: int, typed: str) -> None:
        first = digests.make("one of one's own")
        stored = [digests.make(f"password {n}", beside=first) for n in range(companies)]
        with counted_hashes() as seen:
            assert digests.matching(stored, typed) == {}
        assert len(seen) == (1 if typed == "wrong" else 2)

    def test_each_password_finds_its_own(self, digests: Digests) -> None:
        one = digests.make("one of them")
        other = digests.make("the other one", beside=one)
        same = digests.make("one of them", beside=one)
        assert digests.matching([one, other], "the other one") == {other: None}
        assert set(digests.matching([one, other, same], "one of them")) == {one, same}

    def test_salts_that_met_later_become_one(self, digests: Digests) -> None:
        one, other = digests.make("one of them"), digests.make("the other one")
        fresh = digests.matching([one, other], "the other one")[other]
        assert fresh == digests.make("the other one", beside=one)

    def test_no_more_settings_are_tried_than_the_limit(self, digests: Digests) -> None:
        stored = [digests.make(WORDS) for _ in range(MAX_SETTINGS + 1)]
        with counted_hashes() as seen:
            assert stored[-1] not in digests.matching(stored, WORDS)
        assert len(seen) <= MAX_SETTINGS + 1  # and one to renew


class TestNormalForm:
    @pytest.mark.parametrize("made", [COMPOSED, DECOMPOSED, "ｐässwörter sind schön"])
    @pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, "ｐässwörter sind schön"])
    def test_a_password_is_the_same_on_another_keyboard(self, digests: Digests, made: str, typed: str) -> None:
        stored = digests.make(made)
        assert digests.matching([stored], typed) == {stored: None}

    def test_a_hash_of_what_was_typed_goes_on_and_is_renewed(self, digests: Digests) -> None:
        stored = as_typed(DECOMPOSED)
        fresh = digests.matching([stored], DECOMPOSED)[stored]
        assert fresh is not None
        assert digests.matching([fresh], COMPOSED) == {fresh: None}

    def test_letters_that_only_look_alike_stay_apart(self, digests: Digests) -> None:
        assert digests.matching([digests.make("pаssword of mine")], "password of mine") == {}
