"""Roles over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient

from ..factories import make_role, make_workflow

pytestmark = pytest.mark.principal("analyst")
PAYROLL = "43-3051.00"
UNKNOWN = "99-9999.99"


async def create(client: CheckedClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/roles", json={"title": "Payroll Specialist", **body})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()["data"]
    return made


async def titled(client: CheckedClient, path: str = "/roles", **params: Any) -> list[str]:
    response = await client.get(path, params=params)
    assert response.status_code == 200, response.text
    return [line["title"] for line in response.json()["data"]]


class TestCreate:
    async def test_the_nearest_occupation_is_found(self, client: CheckedClient) -> None:
        response = await client.post("/roles", json={"title": " Payroll Specialist ", "department": "Finance"})
        made = response.json()["data"]
        assert response.status_code == 201
        assert (response.headers["location"], response.headers["etag"]) == (f"/api/core/v1/roles/{made['id']}", '"1"')
        assert (made["title"], made["occupation_code"], made["occupation_chosen"]) == (
            "Payroll Specialist", PAYROLL, False,
        )  # fmt: skip
        assert 0.6 <= made["occupation_similarity"] <= 1

    async def test_a_title_like_nothing_gets_no_occupation(self, client: CheckedClient) -> None:
        made = await create(client, title="Zzyzx Qwrtp")
        assert (made["occupation_code"], made["occupation_similarity"]) == (None, None)

    async def test_a_chosen_occupation_is_kept_as_it_is(self, client: CheckedClient) -> None:
        made = await create(client, title="Truck Driver", occupation_code=PAYROLL)
        assert (made["occupation_code"], made["occupation_similarity"], made["occupation_chosen"]) == (
            PAYROLL, None, True,
        )  # fmt: skip

    async def test_an_unknown_occupation_is_refused(self, client: CheckedClient) -> None:
        response = await client.post("/roles", json={"title": "Buyer", "occupation_code": UNKNOWN})
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_OCCUPATION")
        assert await titled(client) == []

    async def test_the_same_title_in_the_same_department_is_refused(self, client: CheckedClient) -> None:
        await create(client, title="Buyer", department="Finance")
        await create(client, title="Buyer", department="Kitchen")
        await create(client, title="Buyer")
        response = await client.post("/roles", json={"title": "BUYER", "department": "finance"})
        assert (response.status_code, response.json()["code"]) == (409, "ROLE_ALREADY_EXISTS")
        assert len(await titled(client)) == 3

    @pytest.mark.parametrize(
        "body",
        [
            {"title": "   "},
            {"title": "x" * 201},
            {"headcount": -1},
            {"headcount": 10_000_001},
            {"salary": "-0.01"},
            {"salary": "1.001"},
            {"currency": "usd"},
            {"occupation_code": "43-3051"},
            {"nobody_knows": 1},
        ],
    )
    async def test_bad_input_is_told(self, client: CheckedClient, body: dict[str, Any]) -> None:
        response = await client.post("/roles", json={"title": "Buyer", **body})
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")


class TestChange:
    async def test_only_what_is_given_changes(self, client: CheckedClient) -> None:
        made = await create(client, department="Finance", headcount=3, salary="50000.50", level="Grade 6")
        response = await client.patch(f"/roles/{made['id']}", json={"headcount": 4}, headers={"If-Match": '"1"'})
        changed = response.json()["data"]
        assert (response.status_code, response.headers["etag"]) == (200, '"2"')
        kept = set(made) - {"headcount", "version", "updated_at"}
        assert {name: changed[name] for name in kept} == {name: made[name] for name in kept}
        assert (changed["headcount"], changed["version"]) == (4, 2)

    async def test_null_empties_what_may_be_empty_and_leaves_the_rest(self, client: CheckedClient) -> None:
        made = await create(client, department="Finance", salary="50000.50", level="Grade 6")
        body = {"salary": None, "level": None, "department": None, "title": None, "currency": None}
        response = await client.patch(f"/roles/{made['id']}", json=body, headers={"If-Match": "*"})
        changed = response.json()["data"]
        assert (changed["salary"], changed["level"]) == (None, None)
        assert (changed["department"], changed["title"], changed["currency"]) == ("Finance", made["title"], "USD")

    async def test_if_match_is_required_and_tells_a_lost_race(self, client: CheckedClient) -> None:
        url = f"/roles/{(await create(client))['id']}"
        missing = await client.patch(url, json={"headcount": 1})
        assert (missing.status_code, missing.json()["code"]) == (428, "PRECONDITION_REQUIRED")
        assert (await client.patch(url, json={"headcount": 1}, headers={"If-Match": '"1"'})).status_code == 200
        lost = await client.patch(url, json={"headcount": 2}, headers={"If-Match": '"1"'})
        assert (lost.status_code, lost.json()["code"]) == (412, "PRECONDITION_FAILED")
        assert (await client.get(url)).json()["data"]["headcount"] == 1

    async def test_another_title_is_matched_anew_unless_a_person_chose(self, client: CheckedClient) -> None:
        found, chosen = await create(client), await create(client, title="Buyer", occupation_code=PAYROLL)
        for role, expected in ((found, None), (chosen, PAYROLL)):
            body = {"title": f"Zzyzx Qwrtp {role['id'][-4:]}"}
            response = await client.patch(f"/roles/{role['id']}", json=body, headers={"If-Match": "*"})
            assert response.json()["data"]["occupation_code"] == expected

    async def test_taking_a_choice_back_matches_anew(self, client: CheckedClient) -> None:
        made = await create(client, title="Payroll Specialist", occupation_code="53-3032.00")
        response = await client.patch(f"/roles/{made['id']}", json={"occupation_code": None}, headers={"If-Match": "*"})
        changed = response.json()["data"]
        assert (changed["occupation_code"], changed["occupation_chosen"]) == (PAYROLL, False)

    async def test_an_unknown_occupation_changes_nothing(self, client: CheckedClient) -> None:
        url = f"/roles/{(await create(client))['id']}"
        body = {"headcount": 9, "occupation_code": UNKNOWN}
        response = await client.patch(url, json=body, headers={"If-Match": "*"})
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_OCCUPATION")
        assert (await client.get(url)).json()["data"]["headcount"] == 0

    async def test_a_title_that_is_taken_is_refused(self, client: CheckedClient) -> None:
        await create(client, title="Buyer")
        other = await create(client, title="Seller")
        response = await client.patch(f"/roles/{other['id']}", json={"title": "BUYER"}, headers={"If-Match": "*"})
        assert (response.status_code, response.json()["code"]) == (409, "ROLE_ALREADY_EXISTS")


class TestDelete:
    async def test_the_workflow_goes_too(self, client: CheckedClient, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        role = (await client.get(f"/workflows/{workflow}")).json()["data"]["role_id"]
        assert (await client.delete(f"/roles/{role}")).status_code == 428
        assert (await client.delete(f"/roles/{role}", headers={"If-Match": '"1"'})).status_code == 204
        gone = await client.get(f"/roles/{role}")
        assert (gone.status_code, gone.json()["code"]) == (404, "ROLE_NOT_FOUND")
        assert (await client.get(f"/workflows/{workflow}")).status_code == 404
        assert await titled(client) == []

    async def test_nobody_deletes_what_is_not_there(self, client: CheckedClient) -> None:
        assert (await client.delete(f"/roles/{new_id()}", headers={"If-Match": "*"})).status_code == 404


class TestList:
    async def test_filters_sorts_and_pages(self, client: CheckedClient) -> None:
        for title, department, headcount in (("Buyer", "Finance", 3), ("Baker", "Kitchen", 5), ("Cook", "Kitchen", 1)):
            await create(client, title=title, department=department, headcount=headcount)
        assert await titled(client) == ["Baker", "Buyer", "Cook"]
        assert await titled(client, sort="-headcount") == ["Baker", "Buyer", "Cook"]
        assert await titled(client, sort="headcount") == ["Cook", "Buyer", "Baker"]
        assert await titled(client, department="Kitchen") == ["Baker", "Cook"]
        first = (await client.get("/roles", params={"limit": 2, "include_total": True})).json()
        assert ([line["title"] for line in first["data"]], first["meta"]["total"]) == (["Baker", "Buyer"], 3)
        assert await titled(client, limit=2, cursor=first["meta"]["next_cursor"]) == ["Cook"]

    async def test_by_occupation(self, client: CheckedClient) -> None:
        await create(client, title="Buyer", occupation_code=PAYROLL)
        await create(client, title="Zzyzx Qwrtp")
        assert await titled(client, occupation_code=PAYROLL) == ["Buyer"]

    @pytest.mark.parametrize(
        ("part", "expected"),
        [("%", ["100% Tester"]), ("_", ["Data_Clerk"]), ("\\", ["Back\\slash"]), ("CLERK", ["Data_Clerk"]), ("%%", [])],
    )
    async def test_wildcards_are_mere_characters(self, client: CheckedClient, part: str, expected: list[str]) -> None:
        for title in ("100% Tester", "Data_Clerk", "Back\\slash"):
            await create(client, title=title)
        assert await titled(client, q=part) == expected
        assert await titled(client, "/roles/autocomplete", q=part) == expected

    async def test_a_write_shows_at_once(self, client: CheckedClient) -> None:
        assert await titled(client) == []
        made = await create(client, title="Buyer")
        assert await titled(client) == ["Buyer"]
        await client.patch(f"/roles/{made['id']}", json={"title": "Seller"}, headers={"If-Match": "*"})
        assert await titled(client) == ["Seller"]

    async def test_of_another_company_nothing_is_seen(self, client: CheckedClient, as_role: Any) -> None:
        made = await create(client, title="Buyer", department="Finance")
        stranger = as_role("analyst", company=new_id())
        assert await titled(stranger) == []
        assert await titled(stranger, "/roles/autocomplete", q="buy") == []
        assert (await stranger.get(f"/roles/{made['id']}")).status_code == 404
        assert (await stranger.get("/departments")).json()["data"] == []


class TestAutocomplete:
    async def test_titles_that_begin_so_come_first(self, client: CheckedClient) -> None:
        for title in ("Assistant Buyer", "Buyer", "Buying Manager", "Cook"):
            await create(client, title=title)
        assert await titled(client, "/roles/autocomplete", q="buy") == ["Buyer", "Buying Manager", "Assistant Buyer"]
        assert await titled(client, "/roles/autocomplete", q="BUY", limit=1) == ["Buyer"]

    @pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": "x" * 101}, {"q": "b", "limit": 51}])
    async def test_limits(self, client: CheckedClient, params: dict[str, Any]) -> None:
        assert (await client.get("/roles/autocomplete", params=params)).status_code == 422


class TestRead:
    async def test_fields_narrow_and_the_tag_says_so(self, client: CheckedClient) -> None:
        made = await create(client)
        whole = await client.get(f"/roles/{made['id']}")
        narrow = await client.get(f"/roles/{made['id']}", params={"fields": "title,headcount"})
        assert whole.json()["data"] == made
        assert narrow.json()["data"] == {"title": "Payroll Specialist", "headcount": 0}
        assert whole.headers["etag"] != narrow.headers["etag"]
        again = await client.get(f"/roles/{made['id']}", headers={"If-None-Match": whole.headers["etag"]})
        assert again.status_code == 304


class TestDepartments:
    async def test_roles_and_people_are_counted(self, client: CheckedClient) -> None:
        for title, department, headcount in (("Buyer", "Finance", 3), ("Baker", "Kitchen", 5), ("Cook", "Kitchen", 1)):
            await create(client, title=title, department=department, headcount=headcount)
        assert (await client.get("/departments")).json()["data"] == [
            {"name": "Finance", "roles": 1, "headcount": 3},
            {"name": "Kitchen", "roles": 2, "headcount": 6},
        ]


class TestPermissions:
    async def test_a_reader_cannot_write(self, as_role: Any, ctx: Context) -> None:
        role: UUID = await make_role(ctx)
        await ctx.finish()
        reader = as_role("validator")
        assert (await reader.get(f"/roles/{role}")).status_code == 200
        assert (await reader.post("/roles", json={"title": "Buyer"})).status_code == 403
        assert (await reader.delete(f"/roles/{role}", headers={"If-Match": "*"})).status_code == 403
