"""Scenarios over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient
from etter_simulation.role_profiles import handlers

from ..factories import engineer, marketing
from ..role_profiles.test_handlers import published

pytestmark = pytest.mark.principal("analyst")
PATH = "/scenarios"


def body(**more: Any) -> dict[str, Any]:
    return {"name": "Careful", "assumptions": {"automation_factor": 0.3}, "roles": [engineer(), marketing()], **more}


async def made(client: CheckedClient, **more: Any) -> dict[str, Any]:
    response = await client.post(PATH, json=body(**more))
    assert response.status_code == 201, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def change(client: CheckedClient, scenario: dict[str, Any], **change: Any) -> dict[str, Any]:
    response = await client.patch(
        f"{PATH}/{scenario['id']}", json=change, headers={"if-match": f'"{scenario["version"]}"'}
    )
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def publish(ctx: Context, role_id: UUID, **profile: Any) -> None:
    await handlers.take_over(ctx, published(role_id, company_id=ctx.company_id, **profile))
    await ctx.finish()


class TestCreate:
    async def test_everything_left_out_has_todays_default(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json=body(description="slowly"))
        data = response.json()["data"]
        assert response.headers["location"] == f"/api/simulation/v1/scenarios/{data['id']}"
        assert response.headers["etag"].startswith('"1')
        assert (data["version"], data["description"], data["roles"]) == (1, "slowly", "explicit")
        assert data["assumptions"]["adoption"]["q"] == 0.38
        assert (data["baseline"]["roles"], data["baseline"]["heads"], data["baseline"]["demand"]) == (2, 400, 400)
        assert data["baseline"]["payroll_per_year"] == 300 * 80_000 + 100 * 70_000

    @pytest.mark.parametrize(
        ("wrong", "pointer", "code"),
        [
            ({"assumptions": {}}, "/body/assumptions/automation_factor", "missing"),
            ({"assumptions": {"automation_factor": 0.3, "adoption": {"q": 99}}}, "/body/assumptions/adoption/q",
             "less_than_equal"),
            ({"roles": "all"}, "/body/roles", "list_type"),
            ({"name": ""}, "/body/name", "string_too_short"),
            ({"description": "x" * 2001}, "/body/description", "string_too_long"),
            ({"roles": [engineer(), engineer()]}, "/body/assumptions/roles", "DUPLICATE_ROLE"),
            ({"assumptions": {"automation_factor": 0.3, "redeployment":
              {"distance": [{"source": "A", "target": "B", "distance": 0.1}]}}}, "/body/assumptions",
             "UNKNOWN_ROLE_PAIR"),
        ],
    )  # fmt: skip
    async def test_what_is_wrong_is_named(
        self, client: CheckedClient, wrong: dict[str, Any], pointer: str, code: str
    ) -> None:
        response = await client.post(PATH, json=body(**wrong))
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        assert {"pointer": pointer, "code": code}.items() <= response.json()["errors"][0].items()

    async def test_a_name_is_taken_once(self, client: CheckedClient) -> None:
        await made(client)
        response = await client.post(PATH, json=body(name="careful"))
        assert (response.status_code, response.json()["code"]) == (409, "SCENARIO_NAME_TAKEN")

    async def test_a_repeated_request_makes_one(self, client: CheckedClient) -> None:
        headers = {"idempotency-key": str(new_id())}
        first, again = [await client.post(PATH, json=body(), headers=headers) for _ in range(2)]
        assert first.json() == again.json()

    async def test_frozen_roles_need_a_published_profile(self, client: CheckedClient) -> None:
        response = await client.post(PATH, json=body(roles="frozen"))
        assert (response.status_code, response.json()["code"]) == (409, "NO_ROLE_PROFILES")

    async def test_current_roles_are_looked_up_when_it_is_played(self, client: CheckedClient) -> None:
        data = await made(client, roles="current")
        assert (data["roles"], data["baseline"]) == ("current", None)
        response = await client.get(f"{PATH}/{data['id']}/baseline")
        assert (response.status_code, response.json()["code"]) == (404, "SCENARIO_HAS_NO_BASELINE")

    @pytest.mark.principal("viewer")
    async def test_a_viewer_may_not(self, client: CheckedClient) -> None:
        assert (await client.post(PATH, json=body())).status_code == 403


class TestBaseline:
    async def test_later_changes_of_a_role_do_not_move_it_until_it_is_re_based(
        self, client: CheckedClient, ctx: Context
    ) -> None:
        role_id = new_id()
        await publish(ctx, role_id, headcount=40, version=1)
        scenario = await made(client, roles="frozen")
        await publish(ctx, role_id, headcount=55, version=2)
        kept = await change(client, scenario, assumptions={"automation_factor": 0.4})
        assert (kept["baseline"]["heads"], kept["baseline"]["id"]) == (40, scenario["baseline"]["id"])
        rebased = await change(client, kept, roles="frozen")
        assert rebased["baseline"]["heads"] == 55
        for version, heads in ((1, 40), (2, 40), (3, 55)):
            found = await client.get(f"{PATH}/{scenario['id']}/baseline", params={"version": version})
            (role,) = found.json()["data"]["roles"]
            assert (role["count"], found.json()["data"]["role_ids"]) == (heads, [str(role_id)])

    async def test_no_version_is_beyond_what_can_be_stored(self, client: CheckedClient) -> None:
        path = f"{PATH}/{(await made(client))['id']}/baseline"
        [error] = (await client.get(path, params={"version": 2**31})).json()["errors"]
        assert (error["pointer"], error["code"]) == ("/query/version", "less_than")

    async def test_it_can_be_narrowed(self, client: CheckedClient) -> None:
        path = f"{PATH}/{(await made(client))['id']}/baseline"
        data = (await client.get(path, params={"fields": "currency,roles.role"})).json()["data"]
        assert data == {"currency": "USD", "roles": [{"role": "Engineer"}, {"role": "Marketing"}]}


class TestChange:
    async def test_it_is_merged_into_the_next_version(self, client: CheckedClient) -> None:
        scenario = await made(client, assumptions={"automation_factor": 0.3, "adoption": {"q": 0.5, "p": 0.05}})
        data = await change(client, scenario, name="Fast", assumptions={"adoption": {"q": 0.6}})
        assert (data["version"], data["name"]) == (2, "Fast")
        assert (data["assumptions"]["adoption"]["p"], data["assumptions"]["adoption"]["q"]) == (0.05, 0.6)

    async def test_null_goes_back_to_the_default_and_a_preset_before_the_patch(self, client: CheckedClient) -> None:
        scenario = await made(client, assumptions={"automation_factor": 0.3, "adoption": {"q": 0.5}})
        back = await change(client, scenario, assumptions={"adoption": {"q": None}})
        assert back["assumptions"]["adoption"]["q"] == 0.38
        fast = await change(client, back, assumptions={"preset": "fast", "adoption": {"p": 0.07}})
        assert (fast["assumptions"]["adoption"]["p"], fast["assumptions"]["adoption"]["q"]) == (0.07, 0.6)

    async def test_the_version_read_must_be_named(self, client: CheckedClient) -> None:
        scenario = await made(client)
        path = f"{PATH}/{scenario['id']}"
        assert (await client.patch(path, json={"name": "x"})).status_code == 428
        await change(client, scenario, name="Other")
        late = await client.patch(path, json={"name": "x"}, headers={"if-match": '"1"'})
        assert (late.status_code, late.json()["current_version"]) == (412, 2)

    async def test_what_would_not_play_is_refused(self, client: CheckedClient) -> None:
        scenario = await made(client)
        wrong = {"assumptions": {"redeployment": {"distance": [{"source": "A", "target": "B", "distance": 1}]}}}
        response = await client.patch(f"{PATH}/{scenario['id']}", json=wrong, headers={"if-match": "*"})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "UNKNOWN_ROLE_PAIR")
        unknown = {"assumptions": {"adoption": {"speed": 1}}}
        response = await client.patch(f"{PATH}/{scenario['id']}", json=unknown, headers={"if-match": "*"})
        assert response.json()["errors"][0]["pointer"] == "/body/assumptions/adoption/speed"


class TestVersions:
    async def test_history_can_be_read_newest_first(self, client: CheckedClient) -> None:
        scenario = await made(client)
        await change(client, scenario, assumptions={"automation_factor": 0.9})
        path = f"{PATH}/{scenario['id']}/versions"
        first = (await client.get(path, params={"limit": 1, "include_total": True})).json()
        rest = (await client.get(path, params={"cursor": first["meta"]["next_cursor"]})).json()
        assert [row["version"] for row in first["data"] + rest["data"]] == [2, 1]
        assert first["meta"]["total"] == 2
        old = (await client.get(f"{path}/1", params={"fields": "assumptions.automation_factor"})).json()["data"]
        assert old == {"assumptions": {"automation_factor": 0.3}}

    async def test_a_version_that_is_not_there(self, client: CheckedClient) -> None:
        scenario = await made(client)
        for path in (f"{scenario['id']}/versions/2", f"{scenario['id']}/baseline?version=2"):
            response = await client.get(f"{PATH}/{path}")
            assert (response.status_code, response.json()["code"]) == (404, "SCENARIO_VERSION_NOT_FOUND")
        for path in ("", "/versions", "/versions/1", "/baseline"):
            response = await client.get(f"{PATH}/{UUID(int=1)}{path}")
            assert (response.status_code, response.json()["code"]) == (404, "SCENARIO_NOT_FOUND")


class TestRead:
    async def test_fields_and_etag(self, client: CheckedClient) -> None:
        scenario = await made(client)
        path, params = f"{PATH}/{scenario['id']}", {"fields": "name,assumptions.steps"}
        found = await client.get(path, params=params)
        assert found.json()["data"] == {"name": "Careful", "assumptions": {"steps": 120}}
        again = await client.get(path, params=params, headers={"if-none-match": found.headers["etag"]})
        assert again.status_code == 304
        patched = await client.patch(path, json={"name": "B"}, headers={"if-match": found.headers["etag"]})
        assert patched.status_code == 200

    async def test_pages_sorted_and_filtered(self, client: CheckedClient) -> None:
        for name in ("b", "a", "c"):
            await made(client, name=name, roles="current" if name == "a" else [engineer()])
        rows = (await client.get(PATH, params={"sort": "name", "fields": "name"})).json()["data"]
        assert [row["name"] for row in rows] == ["a", "b", "c"]
        (row,) = (await client.get(PATH, params={"roles": "current"})).json()["data"]
        assert (row["name"], "assumptions" in row) == ("a", False)


class TestDelete:
    async def test_it_goes_with_its_versions(self, client: CheckedClient) -> None:
        scenario = await made(client)
        path = f"{PATH}/{scenario['id']}"
        assert (await client.delete(path)).status_code == 428
        assert (await client.delete(path, headers={"if-match": '"2"'})).status_code == 412
        assert (await client.delete(path, headers={"if-match": '"1"'})).status_code == 204
        assert (await client.get(f"{path}/versions/1")).status_code == 404
