"""The caller's own user over HTTP."""

from __future__ import annotations

import pytest

from etter_common.testing.client import CheckedClient

from ..conftest import Clients
from ..factories import Person


class TestMe:
    async def test_shows_permissions_of_the_token(self, as_role: Clients, person: Person) -> None:
        me = (await as_role("analyst", user=person.id).get("/me")).json()["data"]
        assert me["company_id"] == str(person.company_id)
        assert "roles:write" in me["permissions"]
        assert "users:write" not in me["permissions"]

    async def test_changes_ones_name(self, as_role: Clients, person: Person) -> None:
        client = as_role("analyst", user=person.id)
        tag = (await client.get("/me")).headers["etag"]
        changed = await client.patch("/me", json={"name": "Maya L."}, headers={"If-Match": tag})
        assert changed.json()["data"]["name"] == "Maya L."

    @pytest.mark.parametrize("field", ["roles", "email", "is_active", "company_id"])
    async def test_nothing_else_can_be_changed(self, as_role: Clients, person: Person, field: str) -> None:
        response = await as_role("analyst", user=person.id).patch("/me", json={field: ["super_admin"]})
        assert response.json()["errors"][0]["pointer"] == f"/body/{field}"

    async def test_a_token_of_no_user_finds_none(self, as_role: Clients, company_id: CheckedClient) -> None:
        assert (await as_role("viewer").get("/me")).json()["code"] == "USER_NOT_FOUND"
