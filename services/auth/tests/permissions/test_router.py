"""The catalogue over HTTP."""

from __future__ import annotations

import pytest

from etter_common.permissions import ROLE_PERMISSIONS
from etter_common.testing.client import CheckedClient


@pytest.mark.principal("viewer")
class TestCatalogue:
    async def test_is_what_the_services_enforce(self, client: CheckedClient) -> None:
        shown = (await client.get("/roles")).json()["data"]
        assert {role["name"]: {p["name"] for p in role["permissions"]} for role in shown} == ROLE_PERMISSIONS

    async def test_fields_narrow(self, client: CheckedClient) -> None:
        assert (await client.get("/roles", params={"fields": "name"})).json()["data"][0] == {"name": "super_admin"}
