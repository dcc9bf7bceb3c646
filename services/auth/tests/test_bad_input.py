"""What no client should send: always a problem document, never a 500."""

from __future__ import annotations

import pytest

from etter_common.testing.client import CheckedClient

ODD = ["\x00", "\x00a", "a\x00", "\u202e", "'; DROP TABLE users; --", "%", "_", "\\", "💥" * 25, "\ufffe"]


class TestOddText:
    @pytest.mark.parametrize("path", ["/users", "/users/autocomplete", "/master-companies"])
    @pytest.mark.parametrize("q", ODD)
    async def test_in_a_search(self, admin: CheckedClient, path: str, q: str) -> None:
        response = await admin.get(path, params={"q": q})
        assert response.status_code in (200, 422), response.text

    @pytest.mark.parametrize("odd", ODD)
    async def test_in_credentials(self, visitor: CheckedClient, odd: str) -> None:
        response = await visitor.post("/sessions", json={"email": f"a{odd}@b.example", "password": odd})
        assert response.status_code in (401, 422), response.text

    @pytest.mark.parametrize("odd", ODD)
    async def test_in_a_new_user(self, admin: CheckedClient, odd: str) -> None:
        sent = {"email": f"a{odd}@b.example", "name": f"A{odd}", "username": f"a{odd}", "roles": ["viewer"]}
        response = await admin.post("/users", json=sent)
        assert response.status_code in (201, 409, 422), response.text


@pytest.mark.parametrize(
    "params",
    [
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"since": "yesterday"},
        {"since": "2026-11-23T09:00:00"},
        {"actor_id": "me"},
        {"action": "a:b\x00"},
    ],
)
async def test_odd_filters_of_the_log(admin: CheckedClient, params: dict[str, str]) -> None:
    response = await admin.get("/audit-events", params=params)
    assert response.status_code in (200, 422), response.text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"email": 1e400}', b"[" * 5000])
async def test_bodies_that_are_no_credentials(visitor: CheckedClient, content: bytes) -> None:
    response = await visitor.post("/sessions", content=content, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422), response.text


async def test_another_media_type_is_refused(visitor: CheckedClient) -> None:
    response = await visitor.post("/sessions", data={"email": "a@b.example", "password": "x"})
    assert response.status_code in (415, 422)
