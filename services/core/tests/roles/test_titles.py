"""When two written titles mean the same role."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_core.roles import titles

TITLES = st.text(alphabet=st.sampled_from("abcdeXYZ -&/.,0123éß"), max_size=30)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HR Adviser", "HR Advisor"),
        ("Ledger Clerk", "LEDGER CLERK"),
        ("Sales-Assistant", "Sales Assistant"),
        ("Buyer, Packaging", "Buyer (Packaging)"),
        ("Event Organizer", "Event Organiser"),
    ],
)
def test_the_same_but_for_case_punctuation_and_spelling(one: str, other: str) -> None:
    assert titles.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Driver I", "Driver II"),
        ("Cook", "Cool"),
        ("Buyer", "Senior Buyer"),
        ("Production Manager", "Product Manager"),
        ("Clerk Ledger", "Ledger Clerk"),
        ("Warehouse Operatve", "Warehouse Operative"),
        ("", ""),
        ("---", "..."),
    ],
)
def test_different_roles_stay_apart(one: str, other: str) -> None:
    assert not titles.same(one, other)


@given(TITLES, TITLES)
def test_the_order_does_not_matter(one: str, other: str) -> None:
    assert titles.same(one, other) == titles.same(other, one)


@given(TITLES)
def test_a_title_with_a_word_is_itself(title: str) -> None:
    assert titles.same(title, title.upper()) == bool(titles.words(title))
