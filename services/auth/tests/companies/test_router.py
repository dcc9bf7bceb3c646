"""Companies over HTTP: one's own, and across tenants for who manages them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from etter_auth.master_companies.models import MasterCompany
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..conftest import Clients
from ..factories import Person, make_company, make_person, sign_in


class TestOwnCompany:
    async def test_is_readable_by_all_and_changed_by_its_admin(
        self, admin: CheckedClient, as_role: Clients, company: UUID
    ) -> None:
        path = f"/companies/{company}"
        assert (await as_role("viewer").get(path)).json()["data"]["currency"] == "USD"
        assert (await as_role("viewer").patch(path, json={"currency": "EUR"})).status_code == 403
        changed = await admin.patch(path, json={"currency": "EUR"}, headers={"If-Match": '"1"'})
        assert (changed.json()["data"]["currency"], changed.headers["etag"]) == ("EUR", '"2"')

    async def test_is_linked_to_the_directory_and_unlinked(
        self, admin: CheckedClient, platform: Platform, company: UUID
    ) -> None:
        async with platform.work(system=True) as ctx:
            entry = MasterCompany(name=f"Listed {company}", industry="Food")
            ctx.session.add(entry)
        path = f"/companies/{company}"
        for link in (str(entry.id), None):
            changed = await admin.patch(path, json={"master_company_id": link}, headers={"If-Match": "*"})
            assert changed.json()["data"]["master_company_id"] == link

    async def test_another_is_not_found(self, admin: CheckedClient, as_role: Clients, platform: Platform) -> None:
        path = f"/companies/{await make_company(platform)}"
        assert (await admin.get(path)).status_code == 404
        assert (await as_role("viewer").get(path)).status_code == 404
        assert (await admin.patch(path, json={"name": "Mine"}, headers={"If-Match": "*"})).status_code == 404

    async def test_another_companys_name_may_be_taken(
        self, admin: CheckedClient, platform: Platform, company: UUID
    ) -> None:
        other = await make_company(platform)
        renamed = await admin.patch(
            f"/companies/{company}", json={"name": f"COMPANY {other}"}, headers={"If-Match": "*"}
        )
        assert renamed.status_code == 200


class TestManage:
    async def test_a_super_admin_makes_lists_and_ends_tenants(self, as_role: Clients, company: UUID) -> None:
        boss = as_role("super_admin")
        name = f"New {new_id()}"
        made = await boss.post("/companies", json={"name": name}, headers={"Idempotency-Key": str(new_id())})
        path = made.headers["location"].removeprefix("/api/auth/v1")
        namesake = await boss.post("/companies", json={"name": name.upper()})
        assert namesake.status_code == 201
        listed = (await boss.get("/companies", params={"sort": "-created_at", "fields": "name"})).json()["data"]
        assert {"name": name} in listed
        assert (await boss.delete(path)).status_code == 428
        assert (await boss.delete(path, headers={"If-Match": made.headers["etag"]})).status_code == 204
        assert (await boss.get(path)).json()["code"] == "COMPANY_NOT_FOUND"

    async def test_with_a_tenant_go_its_users_and_sessions(
        self, as_role: Clients, platform: Platform, company: UUID, visitor: CheckedClient
    ) -> None:
        doomed = await make_company(platform)
        person = await make_person(platform, doomed)
        tokens = await sign_in(visitor, person)
        boss = as_role("super_admin")
        assert (await boss.delete(f"/companies/{doomed}", headers={"If-Match": "*"})).status_code == 204
        assert len(boss.last_statements) <= 3
        assert (await visitor.post("/sessions/refresh", json={"refresh_token": tokens.refresh})).status_code == 401
        async with platform.db.transaction(None, system=True) as session:
            for table in ("users", "sessions", "passwords", "audit_events"):
                count = text(f"SELECT count(*) FROM {table} WHERE company_id = :id")  # noqa: S608 - our own names
                assert await session.scalar(count, {"id": doomed}) == 0, table

    async def test_nobody_ends_their_own(self, as_role: Clients, company: UUID) -> None:
        response = await as_role("super_admin").delete(f"/companies/{company}", headers={"If-Match": "*"})
        assert response.json()["code"] == "OWN_COMPANY"

    async def test_unknown_directory_entry_is_named(self, as_role: Clients, company: UUID) -> None:
        sent = {"name": f"New {new_id()}", "master_company_id": str(new_id())}
        response = await as_role("super_admin").post("/companies", json=sent)
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_MASTER_COMPANY")

    async def test_users_of_another_company_stay_closed_to_a_super_admin(
        self, as_role: Clients, person: Person
    ) -> None:
        boss = as_role("super_admin", company=new_id())
        assert (await boss.get(f"/users/{person.id}")).status_code == 404
