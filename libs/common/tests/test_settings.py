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
