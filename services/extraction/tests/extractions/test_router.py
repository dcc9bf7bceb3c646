"""The review: correct, accept, reject."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.events.contracts.extraction import ExtractionAccepted
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..factories import extracted, upload

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.usefixtures("jobs")]


async def reviewable(
    client: CheckedClient, content: bytes | None = None, filename: str = "clerk.txt"
) -> dict[str, Any]:
    document = await (upload(client, content, filename) if content else upload(client))
    await extracted(client, document["id"])
    found: dict[str, Any] = (await client.get(f"/documents/{document['id']}/extraction")).json()["data"]
    return found


def one(extraction: dict[str, Any], kind: str) -> dict[str, Any]:
    fact: dict[str, Any] = next(fact for fact in extraction["facts"] if fact["type"] == kind)
    return fact


class TestCorrect:
    async def test_a_persons_value_stands_beside_what_was_found(self, client: CheckedClient) -> None:
        extraction = await reviewable(client)
        fact = one(extraction, "task")
        url = f"/extractions/{extraction['id']}/facts/{fact['id']}"
        etag = {"If-Match": f'"{extraction["version"]}"'}
        response = await client.patch(url, json={"value": "Post invoices", "time_share": 0.5}, headers=etag)
        changed = one(response.json()["data"], "task")
        assert (changed["value"], changed["original"]) == ("Post invoices", fact["value"])
        assert (changed["time_share"], changed["confidence"], changed["quote"]) == (0.5, 1.0, fact["quote"])
        assert (await client.patch(url, json={"value": "x"}, headers=etag)).status_code == 412
        assert (await client.patch(url, json={"value": "x"})).status_code == 428

    async def test_a_value_has_to_fit_its_fact(self, client: CheckedClient) -> None:
        extraction = await reviewable(client)
        url = f"/extractions/{extraction['id']}/facts/{one(extraction, 'pay')['id']}"
        response = await client.patch(url, json={"value": "a lot"}, headers={"If-Match": "*"})
        assert (response.status_code, response.json()["code"]) == (422, "FACT_VALUE_INVALID")

    async def test_an_unknown_fact(self, client: CheckedClient) -> None:
        extraction = await reviewable(client)
        url = f"/extractions/{extraction['id']}/facts/{new_id()}"
        assert (await client.patch(url, json={"value": "x"}, headers={"If-Match": "*"})).json()[
            "code"
        ] == "FACT_NOT_FOUND"


class TestAccept:
    async def test_core_is_told_the_whole_role(self, client: CheckedClient, platform: Platform) -> None:
        extraction = await reviewable(client)
        heard = await platform.nats.subscribe(
            f"etter.{ExtractionAccepted.type}.{client.caller and client.caller.company_id}.>"
        )
        response = await client.post(f"/extractions/{extraction['id']}/accept")
        told = ExtractionAccepted.model_validate_json((await heard.next_msg(timeout=60)).data)
        await heard.unsubscribe()
        (role,) = told.roles
        assert response.json()["data"]["status"] == "accepted"
        assert (role.title, role.department, float(role.salary or 0)) == ("Ledger Clerk", "Finance", 43_000)
        assert [task.time_share for workload in role.workloads for task in workload.tasks] == [0.6, 0.4]
        assert role.skills == ["Bookkeeping"]

    async def test_once_only(self, client: CheckedClient) -> None:
        extraction = await reviewable(client)
        await client.post(f"/extractions/{extraction['id']}/accept")
        for verb in ("accept", "reject"):
            again = await client.post(f"/extractions/{extraction['id']}/{verb}")
            assert (again.status_code, again.json()["code"]) == (409, "EXTRACTION_REVIEWED")
        job = await client.post("/extraction-jobs", json={"document_ids": [extraction["document_id"]]})
        assert job.json()["code"] == "DOCUMENTS_ACCEPTED"

    async def test_a_missing_title_has_to_be_given(self, client: CheckedClient) -> None:
        text = (
            b"Duties\n- Enter invoices into the ledger.\n- Reconcile accounts every month.\n\nSkills\n- Bookkeeping\n"
        )
        extraction = await reviewable(client, text, "unnamed.txt")
        assert not [fact for fact in extraction["facts"] if fact["type"] == "title"]
        refused = await client.post(f"/extractions/{extraction['id']}/accept")
        assert (refused.status_code, refused.json()["code"]) == (422, "TITLE_MISSING")
        assert (
            await client.post(f"/extractions/{extraction['id']}/accept", json={"title": "Clerk"})
        ).status_code == 200

    async def test_a_document_about_nothing_cannot_be_accepted(self, client: CheckedClient) -> None:
        extraction = await reviewable(client, b"The weather was fine all week.\n", "weather.txt")
        assert extraction["kind"] == "other"
        assert (await client.post(f"/extractions/{extraction['id']}/accept")).json()["code"] == "NOTHING_TO_ACCEPT"

    async def test_a_large_sheet_comes_in_parts(self, client: CheckedClient, platform: Platform) -> None:
        rows = "".join(f"Clerk {number},Office,{number % 7 + 1},40000\n" for number in range(1100))
        sheet = b"Job title,Department,Headcount,Annual salary\n" + rows.encode()
        extraction = await reviewable(client, sheet, "people.csv")
        assert extraction["kind"] == "headcount"
        heard = await platform.nats.subscribe(
            f"etter.{ExtractionAccepted.type}.{client.caller and client.caller.company_id}.>"
        )
        await client.post(f"/extractions/{extraction['id']}/accept")
        parts = [ExtractionAccepted.model_validate_json((await heard.next_msg(timeout=60)).data) for _ in range(3)]
        await heard.unsubscribe()
        assert [(part.part, part.parts, len(part.roles)) for part in parts] == [(1, 3, 500), (2, 3, 500), (3, 3, 100)]


class TestReject:
    async def test_nothing_is_taken_over(self, client: CheckedClient) -> None:
        extraction = await reviewable(client)
        assert (await client.post(f"/extractions/{extraction['id']}/reject")).json()["data"]["status"] == "rejected"
        document = (await client.get(f"/documents/{extraction['document_id']}")).json()["data"]
        assert document["status"] == "rejected"
