"""Users over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..conftest import Clients
from ..factories import Person, make_company, make_person, sign_in


def body(**given: Any) -> dict[str, Any]:
    return {"email": f"p-{new_id()}@brightwater.example", "name": "Tomas Okafor", "roles": ["validator"]} | given


class TestCreate:
    async def test_answer_has_location_tag_and_defaults(self, admin: CheckedClient) -> None:
        response = await admin.post("/users", json=body(email="  Tomas.Okafor@Brightwater.example"))
        user = response.json()["data"]
        assert response.status_code == 201
        assert response.headers["location"] == f"/api/auth/v1/users/{user['id']}"
        assert response.headers["etag"] == '"1"'
        assert (user["email"], user["username"]) == ("tomas.okafor@brightwater.example", "tomas.okafor")
        again = await admin.post("/users", json=body(email=user["email"], username="other"))
        assert again.json()["code"] == "EMAIL_TAKEN"

    async def test_the_same_name_at_another_domain_gets_a_username_of_its_own(self, admin: CheckedClient) -> None:
        name = f"analyst-{new_id()}"
        first = await admin.post("/users", json=body(email=f"{name}@alpha.example"))
        second = await admin.post("/users", json=body(email=f"{name}@beta.example"))
        usernames = [made.json()["data"]["username"] for made in (first, second)]
        assert usernames[0] == name
        assert usernames[1].startswith(f"{name}-")
        assert len(usernames[1]) <= 64

    async def test_another_companys_addresses_and_names_are_free(
        self, admin: CheckedClient, as_role: Clients, platform: Platform, person: Person
    ) -> None:
        """Neither a refusal nor a squatted address: what another company has is not looked at."""
        stranger = as_role("company_admin", company=await make_company(platform))
        for client in (stranger, admin):
            fresh = body(email=f"new-hire-{person.id}@brightwater.example")
            assert (await client.post("/users", json=fresh)).status_code == 201
        taken = await stranger.post("/users", json=body(email=person.email))
        assert taken.status_code == 201
        assert taken.json()["data"]["id"] != str(person.id)

    async def test_username_is_taken_within_the_company(self, admin: CheckedClient) -> None:
        await admin.post("/users", json=body(username="tomas"))
        again = await admin.post("/users", json=body(username="Tomas"))
        assert again.json()["code"] == "USERNAME_TAKEN"

    async def test_nobody_gives_more_than_they_may(self, admin: CheckedClient) -> None:
        response = await admin.post("/users", json=body(roles=["super_admin"]))
        assert (response.status_code, response.json()["code"]) == (403, "ROLE_NOT_GRANTABLE")

    async def test_is_idempotent_by_key(self, admin: CheckedClient) -> None:
        sent, key = body(), {"Idempotency-Key": str(new_id())}
        first, second = [await admin.post("/users", json=sent, headers=key) for _ in range(2)]
        assert first.json() == second.json()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"email": "no address"},
            {"email": "a@b"},
            {"email": "a\n@b.example"},
            {"name": " "},
            {"name": "a\x00b"},
            {"roles": []},
            {"roles": ["king"]},
            {"password": "chosen by the admin"},
            {"company_id": "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"},
            {"username": "a b"},
        ],
    )
    async def test_wrong_fields_are_named(self, admin: CheckedClient, wrong: dict[str, Any]) -> None:
        response = await admin.post("/users", json=body(**wrong))
        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"].startswith(f"/body/{next(iter(wrong))}")


class TestList:
    async def test_filters_sorts_counts_and_pages(self, admin: CheckedClient, platform: Platform, company: Any) -> None:
        people = [await make_person(platform, company, roles=["viewer"]) for _ in range(3)]
        params = {"role": "viewer", "sort": "-email", "limit": "2", "include_total": "true", "fields": "email"}
        first = (await admin.get("/users", params=params)).json()
        rest = (await admin.get("/users", params={**params, "cursor": first["meta"]["next_cursor"]})).json()
        assert [row["email"] for row in first["data"] + rest["data"]] == sorted((p.email for p in people), reverse=True)
        assert first["meta"]["total"] == 3

    async def test_wildcards_mean_themselves(self, admin: CheckedClient, person: Person) -> None:
        for q in ("%", "_aya", "\\"):
            assert (await admin.get("/users", params={"q": q})).json()["data"] == []
        assert len((await admin.get("/users", params={"q": "LINDQ", "role": "analyst"})).json()["data"]) == 1

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"limit": "201"}, "VALIDATION_FAILED"),
            ({"sort": "password"}, "INVALID_SORT"),
            ({"fields": "hash"}, "INVALID_FIELDS"),
            ({"cursor": "bm9uc2Vuc2U"}, "INVALID_CURSOR"),
            ({"unknown": "1"}, "VALIDATION_FAILED"),
        ],
    )
    async def test_wrong_parameters_are_named(self, admin: CheckedClient, params: dict[str, str], code: str) -> None:
        response = await admin.get("/users", params=params)
        assert (response.status_code, response.json()["code"]) == (422, code)


class TestAutocomplete:
    async def test_second_read_asks_no_database(self, admin: CheckedClient, person: Person) -> None:
        first = await admin.get("/users/autocomplete", params={"q": "maya"})
        second = await admin.get("/users/autocomplete", params={"q": "maya"})
        assert first.json() == second.json()
        assert admin.last_statements == []

    async def test_a_change_shows_at_once(self, admin: CheckedClient, person: Person) -> None:
        await admin.get("/users/autocomplete", params={"q": "renamed"})
        await admin.patch(f"/users/{person.id}", json={"name": "Renamed Person"}, headers={"If-Match": "*"})
        found = (await admin.get("/users/autocomplete", params={"q": "renamed"})).json()["data"]
        assert [row["id"] for row in found] == [str(person.id)]

    async def test_one_company_never_sees_anothers(self, admin: CheckedClient, as_role: Clients) -> None:
        stranger = as_role("company_admin", company=new_id())
        assert (await admin.get("/users/autocomplete", params={"q": "maya"})).json()["data"]
        assert (await stranger.get("/users/autocomplete", params={"q": "maya"})).json()["data"] == []


class TestGet:
    async def test_tag_gives_304_and_fields_narrow(self, admin: CheckedClient, person: Person) -> None:
        first = await admin.get(f"/users/{person.id}", params={"fields": "name"})
        assert first.json()["data"] == {"name": "Maya Lindqvist"}
        again = await admin.get(
            f"/users/{person.id}", params={"fields": "name"}, headers={"If-None-Match": first.headers["etag"]}
        )
        assert again.status_code == 304


class TestChange:
    async def test_needs_the_tag_that_was_read(self, admin: CheckedClient, person: Person) -> None:
        path = f"/users/{person.id}"
        tag = (await admin.get(path)).headers["etag"]
        assert (await admin.patch(path, json={"name": "A"})).json()["code"] == "PRECONDITION_REQUIRED"
        changed = await admin.patch(path, json={"name": "A"}, headers={"If-Match": tag})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        lost = await admin.patch(path, json={"name": "B"}, headers={"If-Match": tag})
        assert lost.json()["code"] == "PRECONDITION_FAILED"

    async def test_other_roles_end_the_sessions(
        self, admin: CheckedClient, visitor: CheckedClient, person: Person
    ) -> None:
        tokens = await sign_in(visitor, person)
        changed = await admin.patch(f"/users/{person.id}", json={"roles": ["viewer"]}, headers={"If-Match": "*"})
        assert changed.json()["data"]["roles"] == ["viewer"]
        assert (await visitor.post("/sessions/refresh", json={"refresh_token": tokens.refresh})).status_code == 401

    async def test_same_roles_leave_them(self, admin: CheckedClient, visitor: CheckedClient, person: Person) -> None:
        tokens = await sign_in(visitor, person)
        await admin.patch(f"/users/{person.id}", json={"roles": ["analyst"], "name": "A"}, headers={"If-Match": "*"})
        assert (await visitor.post("/sessions/refresh", json={"refresh_token": tokens.refresh})).status_code == 200

    async def test_who_ranks_below_cannot_touch(self, admin: CheckedClient, platform: Platform, company: Any) -> None:
        king = await make_person(platform, company, roles=["super_admin"])
        for call in (
            admin.patch(f"/users/{king.id}", json={"email": "mine@b.example"}, headers={"If-Match": "*"}),
            admin.delete(f"/users/{king.id}", headers={"If-Match": "*"}),
        ):
            assert (await call).json()["code"] == "USER_OUTRANKS_CALLER"

    async def test_nobody_changes_their_own_roles(self, platform: Platform, company: Any, as_role: Clients) -> None:
        me = await make_person(platform, company, roles=["company_admin"])
        client = as_role("company_admin", user=me.id)
        changed = await client.patch(f"/users/{me.id}", json={"roles": ["viewer"]}, headers={"If-Match": "*"})
        gone = await client.delete(f"/users/{me.id}", headers={"If-Match": "*"})
        assert [changed.json()["code"], gone.json()["code"]] == ["OWN_ACCOUNT", "OWN_ACCOUNT"]


class TestDeactivate:
    async def test_sessions_end_with_it_and_it_can_be_taken_back(
        self, admin: CheckedClient, visitor: CheckedClient, person: Person
    ) -> None:
        tokens = await sign_in(visitor, person)
        assert (await admin.delete(f"/users/{person.id}", headers={"If-Match": "*"})).status_code == 204
        assert len(admin.last_statements) <= 3
        assert (await visitor.post("/sessions/refresh", json={"refresh_token": tokens.refresh})).status_code == 401
        assert (await visitor.post("/sessions", json=person.credentials)).status_code == 401
        back = await admin.patch(f"/users/{person.id}", json={"is_active": True}, headers={"If-Match": "*"})
        assert back.json()["data"]["is_active"] is True
        await sign_in(visitor, person)

    async def test_again_changes_nothing(self, admin: CheckedClient, person: Person) -> None:
        for _ in range(2):
            assert (await admin.delete(f"/users/{person.id}", headers={"If-Match": "*"})).status_code == 204
        assert (await admin.get(f"/users/{person.id}")).json()["data"]["version"] == 2
