from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from etter_common.testing.sample import SampleSettings

ELSEWHERE = {"redis_url": "redis://none", "nats_url": "nats://none"}


class TestUrls:
    @pytest.mark.parametrize("name", ["database_url", "migration_url", "pooler_url", "replica_url"])
    @pytest.mark.parametrize("url", ["postgresql://u@h/d", "postgres://u@h/d", "postgresql+psycopg://u@h/d", ""])
    def test_a_url_that_names_another_driver_is_refused(self, name: str, url: str) -> None:
        given: dict[str, Any] = {"database_url": "postgresql+asyncpg://u@h/d", **ELSEWHERE, name: url}
        with pytest.raises(ValidationError, match=r"must begin with postgresql\+asyncpg://"):
            SampleSettings(**given)


class TestEnvironment:
    def test_an_empty_variable_is_one_that_is_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SAMPLE_POOLER_URL", "")
        monkeypatch.setenv("SAMPLE_POOL_SIZE", "")
        given: dict[str, Any] = {"database_url": "postgresql+asyncpg://u@h/d", **ELSEWHERE}
        found = SampleSettings(**given)
        assert (found.pooler_url, found.pool_size) == (None, SampleSettings.model_fields["pool_size"].default)

    def test_what_is_needed_cannot_be_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SAMPLE_DATABASE_URL", "")
        with pytest.raises(ValidationError, match="database_url"):
            SampleSettings(**ELSEWHERE)  # type: ignore[arg-type]


class TestFiles:
    GIVEN: ClassVar[dict[str, Any]] = {"database_url": "postgresql+asyncpg://u@h/d", **ELSEWHERE}

    def test_a_setting_may_be_the_content_of_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name, content in (
            ("SECRET_KEY", "x" * 40 + "\n"), ("POOL_SIZE", "7\r\n"), ("TRUSTED_PROXIES", '["10.0.0.0/8"]'),
            ("SENTRY_DSN", ""),
        ):  # fmt: skip
            (tmp_path / name).write_text(content, encoding="utf-8", newline="")
            monkeypatch.setenv(f"SAMPLE_{name}_FILE", str(tmp_path / name))
        found = SampleSettings(**self.GIVEN)
        assert found.secret_key.get_secret_value() == "x" * 40
        assert (found.pool_size, found.trusted_proxies, found.sentry_dsn) == (7, ("10.0.0.0/8",), None)

    def test_both_ways_at_once_is_a_mistake(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("x" * 40, encoding="utf-8")
        monkeypatch.setenv("SAMPLE_SECRET_KEY_FILE", str(tmp_path / "key"))
        monkeypatch.setenv("SAMPLE_SECRET_KEY", "y" * 40)
        with pytest.raises(ValueError, match="SAMPLE_SECRET_KEY and SAMPLE_SECRET_KEY_FILE are both set"):
            SampleSettings(**self.GIVEN)

    def test_a_file_that_is_not_there_is_named(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("SAMPLE_SECRET_KEY_FILE", str(tmp_path / "none"))
        with pytest.raises(ValueError, match=r"SAMPLE_SECRET_KEY_FILE: .*none cannot be read"):
            SampleSettings(**self.GIVEN)

    def test_what_it_holds_is_checked_like_any_other(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("short", encoding="utf-8")
        monkeypatch.setenv("SAMPLE_SECRET_KEY_FILE", str(tmp_path / "key"))
        with pytest.raises(ValidationError, match="at least 32"):
            SampleSettings(**self.GIVEN)


class TestProxies:
    def test_what_is_no_address_and_no_network_is_refused(self) -> None:
        given: dict[str, Any] = {"database_url": "postgresql+asyncpg://u@h/d", **ELSEWHERE}
        with pytest.raises(ValidationError, match="ingress"):
            SampleSettings(**given, trusted_proxies=("ingress",))


class TestCorsOrigins:
    GIVEN: ClassVar[dict[str, Any]] = {"database_url": "postgresql+asyncpg://u@h/d", **ELSEWHERE}

    def test_none_by_default(self) -> None:
        assert SampleSettings(**self.GIVEN).cors_origins == ()

    @pytest.mark.parametrize(
        "origin", ["https://app.example", "https://app.example:8443", "http://localhost:5173", "http://[::1]:8000"]
    )
    def test_an_origin(self, origin: str) -> None:
        assert SampleSettings(**self.GIVEN, cors_origins=(origin,)).cors_origins == (origin,)

    @pytest.mark.parametrize(
        "origin",
        [
            "*", "null", "", "app.example", "https://", "https://*.app.example", "https://app.example/",
            "https://app.example/x", "https://App.example", "https://app.example:443", "https://u:p@app.example",
            "https://app.example?x", "https://a,https://b", "http://app.example", "ftp://app.example",
            "https://app.example:99999", "https://app.example ",
        ],
    )  # fmt: skip
    def test_anything_else_refuses_to_start(self, origin: str) -> None:
        with pytest.raises(ValidationError, match="cors_origins"):
            SampleSettings(**self.GIVEN, cors_origins=(origin,))
