from __future__ import annotations

from typing import Any

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
