"""The reference taxonomy over HTTP, with the set that ships."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.testing.client import CheckedClient

pytestmark = pytest.mark.principal("viewer")
PAYROLL = "43-3051.00"


async def data(client: CheckedClient, path: str, **params: Any) -> Any:
    response = await client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()["data"]


class TestList:
    async def test_pages_cover_the_taxonomy_once(self, client: CheckedClient) -> None:
        codes: list[str] = []
        params: dict[str, Any] = {"limit": 40, "sort": "code"}
        while True:
            page = (await client.get("/occupations", params=params)).json()
            codes += [line["code"] for line in page["data"]]
            if page["meta"]["next_cursor"] is None:
                break
            params["cursor"] = page["meta"]["next_cursor"]
        assert len(codes) >= 60
        assert codes == sorted(set(codes))

    async def test_a_title_people_use_finds_it_too(self, client: CheckedClient) -> None:
        whole = await data(client, f"/occupations/{PAYROLL}")
        for part in (whole["title"].upper()[:12], whole["titles"][-1].lower()):
            assert PAYROLL in [line["code"] for line in await data(client, "/occupations", q=part)]

    async def test_by_job_zone_and_fields(self, client: CheckedClient) -> None:
        lines = await data(client, "/occupations", job_zone=5, fields="code,job_zone")
        assert lines
        assert all(line.keys() == {"code", "job_zone"} and line["job_zone"] == 5 for line in lines)

    @pytest.mark.parametrize("part", ["%", "_", "\\", "/"])
    async def test_wildcards_are_mere_characters(self, client: CheckedClient, part: str) -> None:
        every = len(await data(client, "/occupations", limit=200))
        found = await data(client, "/occupations", q=part, limit=200)
        assert len(found) < every

    @pytest.mark.parametrize("params", [{"job_zone": 6}, {"q": ""}, {"q": "x" * 101}])
    async def test_limits(self, client: CheckedClient, params: dict[str, Any]) -> None:
        response = await client.get("/occupations", params=params)
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")


class TestGet:
    async def test_tasks_skills_and_titles_come_along(self, client: CheckedClient) -> None:
        whole = await data(client, f"/occupations/{PAYROLL}")
        assert sum(task["time_share"] for task in whole["tasks"]) == pytest.approx(1)
        weights = [skill["importance"] for skill in whole["skills"]]
        assert weights == sorted(weights, reverse=True)
        assert all(0 <= weight <= 1 for weight in weights)
        assert whole["titles"]
        assert len(client.last_statements) <= 1

    async def test_fields_narrow(self, client: CheckedClient) -> None:
        assert await data(client, f"/occupations/{PAYROLL}", fields="code") == {"code": PAYROLL}

    @pytest.mark.parametrize(("code", "status"), [("99-9999.99", 404), ("43-3051", 422), ("x", 422)])
    async def test_what_is_not_there(self, client: CheckedClient, code: str, status: int) -> None:
        response = await client.get(f"/occupations/{code}")
        assert response.status_code == status
        assert response.json()["code"] == ("OCCUPATION_NOT_FOUND" if status == 404 else "VALIDATION_FAILED")

    @pytest.mark.principal(None)
    async def test_not_without_signing_in(self, client: CheckedClient) -> None:
        assert (await client.get(f"/occupations/{PAYROLL}")).status_code == 401


class TestAutocomplete:
    async def test_tasks(self, client: CheckedClient) -> None:
        found = await data(client, "/tasks/autocomplete", q="INVOICE", limit=3)
        assert 1 <= len(found) <= 3
        assert all("invoice" in line["statement"].lower() and line["exposure"] in ("E0", "E1", "E2") for line in found)

    async def test_skills_that_begin_so_and_are_wanted_most_come_first(self, client: CheckedClient) -> None:
        found = await data(client, "/skills/autocomplete", q="co", limit=50)
        order = [(not line["name"].lower().startswith("co"), -line["occupations"], line["name"]) for line in found]
        assert found
        assert [key[:2] for key in order] == sorted(key[:2] for key in order)
        assert len({line["name"] for line in found}) == len(found)

    @pytest.mark.parametrize("path", ["/tasks/autocomplete", "/skills/autocomplete"])
    async def test_nothing_and_limits(self, client: CheckedClient, path: str) -> None:
        assert await data(client, path, q="zzyzx qwrtp") == []
        wrong: tuple[dict[str, Any], ...] = (
            {}, {"q": ""}, {"q": "x" * 101}, {"q": "a", "limit": 51}, {"q": "a", "limit": 0},
        )  # fmt: skip
        for params in wrong:
            assert (await client.get(path, params=params)).status_code == 422

    async def test_wildcards_are_mere_characters(self, client: CheckedClient) -> None:
        assert await data(client, "/tasks/autocomplete", q="_") == []
        assert await data(client, "/skills/autocomplete", q="%") == []
