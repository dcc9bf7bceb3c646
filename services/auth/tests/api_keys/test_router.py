"""Making, listing and revoking keys over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from etter_auth.api_keys import service
from etter_auth.api_keys.errors import ApiKeyRoleNotGrantable
from etter_auth.api_keys.router import MAKING
from etter_auth.api_keys.schemas import ApiKeyCreate
from etter_auth.api_keys.service import MAX_LIVE
from etter_common import api_keys
from etter_common.auth import Principal
from etter_common.errors import Unauthenticated
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, CheckedClient, TokenMint

from ..conftest import Clients
from ..factories import make_person

WANTED = {"name": "Nightly import", "role": "analyst"}


async def make(client: CheckedClient, **changes: Any) -> dict[str, Any]:
    response = await client.post("/api-keys", json=WANTED | changes)
    assert response.status_code == 201, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def _create(platform: Platform, principal: Principal, wanted: ApiKeyCreate) -> None:
    async with platform.work(principal=principal) as ctx:
        await service.create(ctx, wanted)


async def stored(platform: Platform, table: str, company: UUID) -> str:
    """All rows of a table that the company owns, as text."""
    async with platform.work(company_id=company) as ctx:
        rows = await ctx.session.scalars(text(f"SELECT to_jsonb(t) || '{{}}' FROM {table} t"))  # noqa: S608 - our own names
        return "\n".join(str(row) for row in rows)


class TestCreate:
    async def test_the_key_is_in_this_answer_and_nowhere_else(
        self, admin: CheckedClient, platform: Platform, company: UUID
    ) -> None:
        response = await admin.post("/api-keys", json=WANTED, headers={"Idempotency-Key": str(new_id())})
        made = response.json()["data"]
        assert api_keys.id_of(made["secret"]) == UUID(made["id"])
        assert response.headers["location"] == f"/api/auth/v1/api-keys/{made['id']}"
        assert response.headers["cache-control"] == "no-store"
        hidden = made["secret"][-49:]
        for path in ("/api-keys", f"/api-keys/{made['id']}", "/audit-events"):
            answer = await admin.get(path)
            assert made["id"] in answer.text
            assert hidden not in answer.text
        for table in ("api_keys", "audit_events", "outbox"):
            assert hidden not in await stored(platform, table, company)
        async with platform.work(company_id=company) as ctx:
            [body] = await ctx.session.scalars(text("SELECT body FROM idempotency_keys"))
        assert made["id"].encode() in body
        assert hidden.encode() not in body

    async def test_the_same_request_again_gets_all_but_the_key(self, admin: CheckedClient) -> None:
        headers = {"Idempotency-Key": str(new_id())}
        first = await admin.post("/api-keys", json=WANTED, headers=headers)
        again = await admin.post("/api-keys", json=WANTED, headers=headers)
        assert again.status_code == 201
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"]
        assert again.json()["data"] == first.json()["data"] | {"secret": None}
        assert len((await admin.get("/api-keys")).json()["data"]) == 1

    async def test_ninety_days_if_not_said_otherwise(self, admin: CheckedClient) -> None:
        made = await make(admin)
        lives = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
        assert lives == timedelta(days=90)

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"name": ""}, "/body/name"),
            ({"name": "x" * 101}, "/body/name"),
            ({"name": "a\nb"}, "/body/name"),
            ({"role": "emperor"}, "/body/role"),
            ({"expires_in_days": 0}, "/body/expires_in_days"),
            ({"expires_in_days": 366}, "/body/expires_in_days"),
            ({"company_id": str(new_id())}, "/body/company_id"),
        ],
    )
    async def test_bad_input_names_the_field(self, admin: CheckedClient, changes: dict[str, Any], pointer: str) -> None:
        response = await admin.post("/api-keys", json=WANTED | changes)
        assert response.status_code == 422
        assert [error["pointer"] for error in response.json()["errors"]] == [pointer]

    async def test_never_more_than_its_maker_may(self, admin: CheckedClient) -> None:
        response = await admin.post("/api-keys", json=WANTED | {"role": "super_admin"})
        assert (response.status_code, response.json()["code"]) == (403, "API_KEY_ROLE_NOT_GRANTABLE")
        await make(admin, role="company_admin")

    async def test_nor_more_than_its_maker_may_by_now(
        self, platform: Platform, company: UUID, as_role: Clients, mint: TokenMint
    ) -> None:
        """The token still has the roles before: it is refused, and so is work that had begun with it."""
        demoted = await make_person(platform, company, roles=["chro"])
        wanted = WANTED | {"role": "company_admin"}
        assert (await as_role("company_admin", user=demoted.id).post("/api-keys", json=wanted)).status_code == 401
        stale = mint.principal(Caller(demoted.id, company, "company_admin"))
        with pytest.raises(ApiKeyRoleNotGrantable):
            await _create(platform, stale, ApiKeyCreate.model_validate(wanted))

    async def test_somebody_who_is_deactivated_makes_none(
        self, platform: Platform, company: UUID, as_role: Clients, admin: CheckedClient, mint: TokenMint
    ) -> None:
        gone = await make_person(platform, company, roles=["company_admin"])
        await admin.delete(f"/users/{gone.id}", headers={"If-Match": "*"})
        assert (await as_role("company_admin", user=gone.id).post("/api-keys", json=WANTED)).status_code == 401
        stale = mint.principal(Caller(gone.id, company, "company_admin"))
        with pytest.raises(Unauthenticated):
            await _create(platform, stale, ApiKeyCreate.model_validate(WANTED))

    async def test_fifty_live_ones_and_no_more(
        self, admin: CheckedClient, platform: Platform, company: UUID, as_role: Clients
    ) -> None:
        for _ in range(MAX_LIVE - 5):
            last = await make(admin)
        other = as_role("company_admin", user=(await make_person(platform, company, roles=["company_admin"])).id)
        racing = await asyncio.gather(*(client.post("/api-keys", json=WANTED) for client in [admin, other] * 5))
        assert sorted(response.status_code for response in racing) == [201] * 5 + [409] * 5
        refused = next(response for response in racing if response.status_code == 409).json()
        assert (refused["code"], refused["max_live_keys"]) == ("TOO_MANY_API_KEYS", 50)
        assert (await admin.delete(f"/api-keys/{last['id']}")).status_code == 204
        await make(admin)

    async def test_a_hundred_tries_an_hour_and_no_more(self, admin: CheckedClient, as_role: Clients) -> None:
        statuses = [(await admin.post("/api-keys", json={})).status_code for _ in range(MAKING.limit + 1)]
        assert statuses == [422] * MAKING.limit + [429]
        assert (await admin.get("/api-keys")).status_code == 200
        assert (await as_role("company_admin").post("/api-keys", json={})).status_code == 422

    async def test_an_expired_one_makes_room(self, admin: CheckedClient, platform: Platform, company: UUID) -> None:
        for _ in range(MAX_LIVE):
            await make(admin)
        async with platform.work(company_id=company) as ctx:
            aged = "UPDATE api_keys SET expires_at = now() WHERE id = (SELECT id FROM api_keys ORDER BY id LIMIT 1)"
            await ctx.session.execute(text(aged))
        await make(admin)
        assert (await admin.post("/api-keys", json=WANTED)).json()["code"] == "TOO_MANY_API_KEYS"


class TestList:
    async def test_sorts_filters_totals_and_fields(self, admin: CheckedClient) -> None:
        made = [await make(admin, name=name) for name in ("b", "c", "a")]
        await admin.delete(f"/api-keys/{made[0]['id']}")

        async def names(**params: str) -> list[str]:
            response = await admin.get("/api-keys", params=params)
            return [row["name"] for row in response.json()["data"]]

        assert await names() == ["a", "c", "b"]
        assert await names(sort="name") == ["a", "b", "c"]
        assert await names(is_revoked="false") == ["a", "c"]
        assert await names(is_revoked="true") == ["b"]
        assert await names(user_id=str(new_id())) == []
        page = (await admin.get("/api-keys", params={"limit": "2", "include_total": "true", "fields": "id"})).json()
        assert (page["meta"]["total"], [list(row) for row in page["data"]]) == (3, [["id"], ["id"]])
        rest = (await admin.get("/api-keys", params={"limit": "2", "cursor": page["meta"]["next_cursor"]})).json()
        assert [row["name"] for row in rest["data"]] == ["b"]
        assert (await admin.get("/api-keys", params={"sort": "hash"})).json()["code"] == "INVALID_SORT"

    async def test_it_is_cached_until_something_changes(self, admin: CheckedClient) -> None:
        made = await make(admin)
        for _ in range(3):
            etag = (await admin.get("/api-keys")).headers["etag"]
        assert admin.last_statements == []
        assert (await admin.get("/api-keys", headers={"If-None-Match": etag})).status_code == 304
        await admin.delete(f"/api-keys/{made['id']}")
        [row] = (await admin.get("/api-keys")).json()["data"]
        assert row["revoke_reason"] == "revoked"

    async def test_another_companys_are_not_there(self, admin: CheckedClient, as_role: Clients) -> None:
        made = await make(admin)
        stranger = as_role("super_admin", company=new_id())
        assert (await stranger.get("/api-keys")).json()["data"] == []
        for response in (
            await stranger.get(f"/api-keys/{made['id']}"),
            await stranger.delete(f"/api-keys/{made['id']}"),
        ):
            assert (response.status_code, response.json()["code"]) == (404, "API_KEY_NOT_FOUND")
        assert (await admin.get(f"/api-keys/{made['id']}")).json()["data"]["revoked_at"] is None


class TestGet:
    async def test_fields(self, admin: CheckedClient) -> None:
        made = await make(admin)
        response = await admin.get(f"/api-keys/{made['id']}", params={"fields": "name,role"})
        assert response.json()["data"] == WANTED
        refused = await admin.get(f"/api-keys/{made['id']}", params={"fields": "hash"})
        assert refused.json()["code"] == "INVALID_FIELDS"


class TestRevoke:
    async def test_again_changes_nothing(self, admin: CheckedClient) -> None:
        made = await make(admin)
        moments = set()
        for _ in range(2):
            assert (await admin.delete(f"/api-keys/{made['id']}")).status_code == 204
            moments.add((await admin.get(f"/api-keys/{made['id']}")).json()["data"]["revoked_at"])
        assert len(moments) == 1

    async def test_making_and_revoking_are_in_the_log(self, admin: CheckedClient) -> None:
        made = await make(admin)
        await admin.delete(f"/api-keys/{made['id']}")
        log = (await admin.get("/audit-events", params={"target_id": made["id"]})).json()["data"]
        assert [entry["action"] for entry in log] == ["api_keys:revoke", "api_keys:create"]
        assert log[1]["details"] == {"role": "analyst", "expires_in_days": 90}
