"""The caller's own user over HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest

from etter_common.ids import new_id
from etter_common.testing.client import Caller, CheckedClient, TokenMint

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

    async def test_a_token_of_no_user_is_refused(self, visitor: CheckedClient, mint: TokenMint, company: UUID) -> None:
        visitor.headers["authorization"] = f"Bearer {mint.token(Caller(new_id(), company, 'viewer'))}"
        assert (await visitor.get("/me")).json()["code"] == "UNAUTHENTICATED"
