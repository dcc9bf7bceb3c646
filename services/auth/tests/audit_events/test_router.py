"""The audit log: what is in it, who sees it, and that nobody changes it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from etter_common.clock import utc_now
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..conftest import Clients
from ..factories import Person


class TestLog:
    async def test_tells_who_did_what_to_whom_from_where(self, admin: CheckedClient, person: Person) -> None:
        changed = await admin.patch(
            f"/users/{person.id}",
            json={"name": "New Name"},
            headers={"If-Match": "*", "user-agent": "test/1", "x-forwarded-for": "192.0.2.7"},
        )
        entry = (await admin.get("/audit-events", params={"action": "users:change"})).json()["data"][0]
        assert admin.caller is not None
        assert entry["actor_id"] == str(admin.caller.user_id)
        assert (entry["target_id"], entry["details"]) == (str(person.id), {"fields": ["name"]})
        assert (entry["client_ip"], entry["user_agent"]) == ("192.0.2.7", "test/1")
        assert entry["request_id"] == changed.headers["x-request-id"]

    async def test_a_change_that_fails_leaves_no_entry(self, admin: CheckedClient, person: Person) -> None:
        await admin.patch(f"/users/{person.id}", json={"name": "X"}, headers={"If-Match": '"99"'})
        assert (await admin.get("/audit-events", params={"action": "users:change"})).json()["data"] == []

    async def test_filters_by_person_and_time(self, admin: CheckedClient, person: Person) -> None:
        now = utc_now()
        window = {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}
        found = (await admin.get("/audit-events", params={**window, "target_id": str(person.id)})).json()["data"]
        assert {entry["action"] for entry in found} == {"users:create", "passwords:provide"}
        before = {"until": window["since"]}
        assert (await admin.get("/audit-events", params=before)).json()["data"] == []

    async def test_another_company_sees_none_of_it(self, as_role: Clients, person: Person) -> None:
        assert (await as_role("company_admin", company=new_id()).get("/audit-events")).json()["data"] == []

    @pytest.mark.parametrize("statement", ["UPDATE audit_events SET action = 'x'", "DELETE FROM audit_events"])
    @pytest.mark.parametrize("system", [False, True])
    async def test_no_row_can_be_changed_or_deleted(
        self, platform: Platform, person: Person, statement: str, system: bool
    ) -> None:
        async with platform.db.transaction(person.company_id, system=system) as session:
            result = await session.execute(text(statement + " RETURNING id"))
            assert result.all() == []
            left = text("SELECT count(*) FROM audit_events WHERE company_id = :c AND action <> 'x'")
            assert await session.scalar(left, {"c": person.company_id}) == 2

    async def test_another_companys_log_cannot_be_written(self, platform: Platform, company: UUID) -> None:
        forged = text(
            "INSERT INTO audit_events (id, company_id, created_at, action, outcome, details, request_id)"
            " VALUES (:id, :company, now(), 'a:b', 'success', '{}', 'r')"
        )
        with pytest.raises(Exception, match="row-level security"):
            async with platform.db.transaction(new_id()) as session:
                await session.execute(forged, {"id": new_id(), "company": company})


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00+14:00", "2199-12-31T23:59:59-12:00"])
async def test_a_moment_is_of_the_years_in_the_document(admin: CheckedClient, at: str) -> None:
    assert (await admin.get("/audit-events", params={"since": at})).status_code == 200


@pytest.mark.parametrize("at", ["1999-12-30T00:00:00Z", "2200-01-03T00:00:00Z"])
async def test_a_moment_of_another_year_is_refused(admin: CheckedClient, at: str) -> None:
    [error] = (await admin.get("/audit-events", params={"since": at})).json()["errors"]
    assert error["pointer"] == "/query/since"
