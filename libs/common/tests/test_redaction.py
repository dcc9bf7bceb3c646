from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_common.redaction import MAX_TEXT, REDACTED, is_secret_name, redact_text, scrub

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlLWJ5dGVz"
KEY_ID, KEY_SECRET = "019ab0f27c1e7a529c113f0d5b8e2a64", "4WqTz0bR8mXc1LpVn7YdKs2GhJf6Ae3UoIi5Ew9QtBv0ZxCaMyN"
KEY = f"etter_{KEY_ID}_{KEY_SECRET}"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIP\n-----END PRIVATE KEY-----"


class TestIsSecretName:
    @pytest.mark.parametrize(
        "name",
        [
            "password", "new_password", "Authorization", "Set-Cookie", "X-Api-Key", "refreshToken", "client_secret",
            "access_tokens", "private_key", "otp", "sentry_dsn", "SECRET_KEY",
        ],
    )  # fmt: skip
    def test_secrets(self, name: str) -> None:
        assert is_secret_name(name)

    @pytest.mark.parametrize(
        "name", ["token_id", "tokens_used", "idempotency_key", "key", "title", "secretary", "cookie_count", "author"]
    )
    def test_what_only_sounds_like_one(self, name: str) -> None:
        assert not is_secret_name(name)


class TestRedactText:
    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            (f"Authorization: Bearer {JWT}", JWT),
            (f"sent {JWT} to the server", JWT),
            ("Bearer abcdefgh12345678", "abcdefgh12345678"),
            ("authorization: Basic bWF5YTpodW50ZXIy", "bWF5YTpodW50ZXIy"),
            ("Basic bWF5YTpodW50ZXIy", "bWF5YTpodW50ZXIy"),
            ("postgresql+asyncpg://core:hunter2@db/core", "hunter2"),
            ("redis://:hunter2@cache", "hunter2"),
            ("https://x.example/reset?token=hunter2&x=1", "hunter2"),
            ("{'password': 'hunter2'}", "hunter2"),
            ('{"client_secret":"hunter2"}', "hunter2"),
            ("api-key=hunter2", "hunter2"),
            (PEM, "MC4CAQAwBQYDK2VwBCIEIP"),
            (KEY, KEY_SECRET),
            (f"Authorization: Bearer {KEY}", KEY_SECRET),
            (f"/things?k={KEY}&x=1", KEY_SECRET),
            (f"cut off: {KEY[:60]}", KEY_SECRET[:21]),
            (f"pasted twice {KEY}{KEY}", KEY_SECRET),
            (f"ETTER_{KEY[6:]}", KEY_SECRET),
            ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "aGFzaA"),
        ],
    )
    def test_a_planted_secret_is_gone(self, text: str, secret: str) -> None:
        assert secret not in redact_text(text)
        assert REDACTED in redact_text(text)

    def test_which_api_key_it_was_may_be_told(self) -> None:
        assert redact_text(f"found {KEY} in a mail") == f"found etter_{KEY_ID}_{REDACTED} in a mail"

    @pytest.mark.parametrize(
        "text",
        ["etter_common.auth", "etter_rate_limit_decisions_total", f"etter_{KEY_ID}"],
    )
    def test_names_of_ours_are_left_alone(self, text: str) -> None:
        assert redact_text(text) == text

    @pytest.mark.parametrize(
        "text",
        ["basic understanding of pastry", "workflow_submitted", "GET /api/core/v1/roles?limit=50", "a secret recipe"],
    )
    def test_plain_words_are_left_alone(self, text: str) -> None:
        assert redact_text(text) == text

    def test_it_is_cut(self) -> None:
        cut = redact_text("x" * (MAX_TEXT + 5))
        assert cut.endswith("… [5 more]")

    @given(st.text(max_size=300))
    def test_twice_is_the_same_as_once(self, text: str) -> None:
        assert redact_text(redact_text(text)) == redact_text(text)


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError


class TestScrub:
    def test_secrets_at_any_depth(self) -> None:
        scrubbed = scrub({"a": [{"headers": {"authorization": "x", "accept": "y"}}], "b": (f"Bearer {JWT}",)})
        assert scrubbed == {
            "a": [{"headers": {"authorization": REDACTED, "accept": "y"}}],
            "b": [f"Bearer {REDACTED}"],
        }

    def test_objects_by_their_text(self) -> None:
        assert scrub([ValueError("password=hunter2"), Unprintable(), b"token=hunter2"]) == [
            f"password={REDACTED}",
            "<Unprintable>",
            f"token={REDACTED}",
        ]

    def test_depth_and_length_are_bounded(self) -> None:
        deep: list[object] = []
        deep.append(deep)
        assert "too deep" in str(scrub(deep))
        assert len(scrub(list(range(10_000)))) == 100  # type: ignore[arg-type]
