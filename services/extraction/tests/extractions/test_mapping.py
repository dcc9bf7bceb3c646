"""How a sheet's columns were read, another choice of them, and the text that facts quote."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.testing.client import CheckedClient

from ..factories import extracted, upload

_SHEET = b"Civil title,Working title,Department,Headcount\nHelper,Stock Clerk,Stores,4\nHelper,Shelf Picker,Stores,2\n"


async def _read(client: CheckedClient, content: bytes = _SHEET, name: str = "staff.csv") -> dict[str, Any]:
    document = await upload(client, content, name)
    await extracted(client, document["id"])
    found: dict[str, Any] = (await client.get(f"/documents/{document['id']}/extraction")).json()["data"]
    return found


def _titles(extraction: dict[str, Any]) -> list[str]:
    return [fact["value"]["title"] for fact in extraction["facts"]]


@pytest.mark.principal("analyst")
@pytest.mark.usefixtures("jobs")
class TestMapping:
    async def test_shows_each_column_with_its_field(self, client: CheckedClient) -> None:
        extraction = await _read(client)
        (table,) = (await client.get(f"/extractions/{extraction['id']}/mapping")).json()["data"]
        fields = {column["heading"]: column["field"] for column in table["columns"]}
        assert (table["basis"], table["heading_row"]) == ("headcount", 1)
        assert (fields["Working title"], fields["Headcount"]) == ("title", "headcount")
        assert table["columns"][1]["samples"] == ["Stock Clerk", "Shelf Picker"]

    async def test_a_change_reads_the_document_again_and_is_remembered(self, client: CheckedClient) -> None:
        extraction = await _read(client)
        assert _titles(extraction) == ["Stock Clerk", "Shelf Picker"]
        choice = {"columns": {"Civil title": "title", "Working title": "ignored"}}
        response = await client.put(f"/extractions/{extraction['id']}/mapping", json=choice)
        assert response.status_code == 202
        assert response.headers["location"].endswith(response.json()["data"]["id"])
        job = {"status": "queued"}
        while job["status"] not in ("succeeded", "failed"):
            job = (await client.get(f"/extraction-jobs/{response.json()['data']['id']}")).json()["data"]
        again = (await client.get(f"/documents/{extraction['document_id']}/extraction")).json()["data"]
        assert _titles(again) == ["Helper"]
        assert again["facts"][0]["value"]["headcount"] == 6
        assert _titles(await _read(client, _SHEET.replace(b"4", b"5"), "next-year.csv")) == ["Helper"]

    async def test_an_unknown_heading_is_named(self, client: CheckedClient) -> None:
        extraction = await _read(client)
        response = await client.put(f"/extractions/{extraction['id']}/mapping", json={"columns": {"Nope": "title"}})
        assert (response.status_code, response.json()["code"]) == (409, "COLUMN_NOT_FOUND")
        assert "Nope" in response.json()["detail"]


@pytest.mark.principal("analyst")
@pytest.mark.usefixtures("jobs")
class TestText:
    async def test_every_quote_stands_in_its_page(self, client: CheckedClient) -> None:
        extraction = await _read(client)
        page = (await client.get(f"/documents/{extraction['document_id']}/text?page=1")).json()["data"]
        assert page["pages"] == 1
        assert all(page["text"][one["start"] : one["end"]] == one["quote"] for one in extraction["facts"])

    async def test_a_page_that_is_not_there(self, client: CheckedClient) -> None:
        extraction = await _read(client)
        response = await client.get(f"/documents/{extraction['document_id']}/text?page=2")
        assert (response.status_code, response.json()["code"]) == (404, "PAGE_NOT_FOUND")


@pytest.mark.principal("analyst")
@pytest.mark.usefixtures("jobs")
class TestCorrections:
    async def test_a_correction_outlives_another_reading(self, client: CheckedClient) -> None:
        extraction = await _read(client)
        fact = extraction["facts"][0]
        value = {"title": "Stock Controller", "department": "Stores", "headcount": 5}
        etag = (await client.get(f"/documents/{extraction['document_id']}/extraction")).headers["etag"]
        response = await client.patch(
            f"/extractions/{extraction['id']}/facts/{fact['id']}", json={"value": value}, headers={"if-match": etag}
        )
        assert response.status_code == 200, response.text
        await extracted(client, extraction["document_id"])
        again = (await client.get(f"/documents/{extraction['document_id']}/extraction")).json()["data"]
        assert again["facts"][0]["value"]["title"] == "Stock Controller"
        assert again["facts"][0]["corrected_by"]
