"""Which passwords are refused."""

from __future__ import annotations

import pytest

from etter_auth.passwords.policy import weakness


class TestWeakness:
    @pytest.mark.parametrize(
        "password",
        [
            "password1234",
            "Password!2345",
            "P@ssw0rdP@ssw0rd",
            "qwertyuiop123",
            "letmein123456",
            "WelcomeSummer2024!",
            "aaaaaaaaaaaaaaaa",
            "abababababab",
            "123456789012",
            "abcdefghijklmnop",
            "ponmlkjihgfedcba",
            "qwertyuiopasdf",
        ],
    )
    def test_well_known_families_are_refused(self, password: str) -> None:
        assert weakness(password) is not None

    @pytest.mark.parametrize(
        "password",
        [
            "an otter sings at dusk",
            "correct horse battery staple",
            "žluťoučký kůň úpěl",
            "パスワードではない言葉です",
            "kX9!v2#Lq8@w",
            "password manager made this one",
        ],
    )
    def test_others_are_fine_whatever_they_are_composed_of(self, password: str) -> None:
        assert weakness(password) is None

    @pytest.mark.parametrize("password", ["Lindqvist-1987!!", "maya.lindqvist1", "brightwater2026", "Etter!!!2026..."])
    def test_ones_own_words_are_refused(self, password: str) -> None:
        context = ("maya.lindqvist@brightwater.example", "Maya Lindqvist", "Brightwater Foods")
        assert weakness(password, context=context) is not None
