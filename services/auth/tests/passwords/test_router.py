"""Signing in over HTTP."""

from __future__ import annotations

from services.auth.tests.conftest import Clients
from services.auth.tests.factories import Person

from etter_common.testing.client import CheckedClient


class TestSignIn:
    async def test_tokens_open_the_api(self, client: CheckedClient, person: Person) -> None:
        response = await client.post("/sessions", json=person.credentials)
        assert response.status_code == 201
        tokens = response.json()["data"]
        me = await client.get("/me", headers={"authorization": f"Bearer {tokens['access_token']}"})
        assert me.status_code == 200
        assert me.json()["data"]["email"] == person.email
