from __future__ import annotations

import pytest

from etter_common.db.provision import ServiceDatabase

LOGIN = "postgresql+asyncpg://etter_core:a%2Fb@db:5432/etter_core"
OWNER = "postgresql+asyncpg://etter_core_owner:c@db:5432/etter_core"


class TestOfUrls:
    def test_names_and_passwords_are_those_of_the_urls(self) -> None:
        found = ServiceDatabase.of(LOGIN, OWNER)
        assert found == ServiceDatabase(database="etter_core", role="etter_core", password="a/b", owner_password="c")
        assert (found.url("postgresql://root@db:5432/postgres"), found.migration_url("postgresql://r@db:5432/p")) == (
            LOGIN, OWNER,
        )  # fmt: skip

    @pytest.mark.parametrize("other", [LOGIN, OWNER.replace("/etter_core", "/etter_auth"), OWNER.replace("_owner", "")])
    def test_urls_that_do_not_belong_together_are_refused(self, other: str) -> None:
        with pytest.raises(ValueError, match="has to name etter_core_owner and the database etter_core"):
            ServiceDatabase.of(LOGIN, other)
