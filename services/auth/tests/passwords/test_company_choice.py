"""An address in several companies: which one a sign-in means, and that nobody learns of the others."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from sqlalchemy import text

from etter_auth.passwords.repository import opened_by_password
from etter_auth.passwords.tries import buckets_of
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..conftest import Clients, rows_of
from ..factories import Person, counted_hashes, make_company, make_person, tokens_of

OTHER = "seven quiet herons wait"


@pytest.fixture
async def elsewhere(platform: Platform, person: Person) -> Person:
    """The same address in another company, with another password."""
    return await make_person(platform, await make_company(platform), email=person.email, password=OTHER)


@pytest.fixture
async def twin(platform: Platform, person: Person) -> Person:
    """The same address in another company, with the same password."""
    return await make_person(platform, await make_company(platform), email=person.email)


async def company_of(client: CheckedClient, credentials: dict[str, str]) -> str:
    response = await client.post("/sessions", json=credentials)
    tokens_of(response)
    assert len(client.last_statements) <= 3
    return str(response.json()["data"]["company_id"])


async def failures(platform: Platform, company_id: UUID) -> list[tuple[UUID, str]]:
    async with platform.db.transaction(company_id) as session:
        rows = await session.execute(
            text("SELECT target_id, details->>'reason' AS reason FROM audit_events WHERE outcome = 'failure'")
        )
        return [(row.target_id, row.reason) for row in rows]


class TestChoice:
    async def test_the_password_says_which(self, visitor: CheckedClient, person: Person, elsewhere: Person) -> None:
        assert person.id != elsewhere.id
        assert await company_of(visitor, person.credentials) == str(person.company_id)
        assert await company_of(visitor, elsewhere.credentials) == str(elsewhere.company_id)

    async def test_where_it_fits_several_the_client_is_asked(
        self, visitor: CheckedClient, person: Person, twin: Person
    ) -> None:
        response = await visitor.post("/sessions", json=person.credentials)
        assert (response.status_code, response.json()["code"]) == (409, "COMPANY_REQUIRED")
        companies = response.json()["companies"]
        assert {company["id"] for company in companies} == {str(person.company_id), str(twin.company_id)}
        assert all(company["name"] == f"Company {company['id']}" for company in companies)
        for one in (person, twin):
            chosen = {**one.credentials, "company_id": str(one.company_id)}
            assert await company_of(visitor, chosen) == str(one.company_id)

    async def test_only_those_are_named_whose_password_it_is(
        self, visitor: CheckedClient, person: Person, twin: Person, elsewhere: Person
    ) -> None:
        response = await visitor.post("/sessions", json=person.credentials)
        assert str(elsewhere.company_id) not in response.text

    async def test_a_deactivated_account_is_no_choice(
        self, visitor: CheckedClient, admin: CheckedClient, person: Person, twin: Person
    ) -> None:
        await admin.delete(f"/users/{person.id}", headers={"If-Match": "*"})
        assert await company_of(visitor, person.credentials) == str(twin.company_id)

    async def test_being_asked_costs_no_try(
        self, visitor: CheckedClient, platform: Platform, person: Person, twin: Person, address: str
    ) -> None:
        for _ in range(12):
            assert (await visitor.post("/sessions", json=person.credentials)).status_code == 409
        buckets = buckets_of(person.email, address, key=platform.settings.signing_key)
        for row in (await rows_of(platform, buckets)).values():
            assert (row["level"], row["tries"], row["holds"]) == (0, 0, [])


class TestNoOracle:
    async def test_a_wrong_company_and_a_wrong_password_get_one_answer(
        self, visitor: CheckedClient, platform: Platform, person: Person, elsewhere: Person
    ) -> None:
        answers = set()
        for credentials in (
            {**person.credentials, "password": "not this one"},
            {**person.credentials, "company_id": str(elsewhere.company_id)},
            {**person.credentials, "company_id": str(await make_company(platform))},
            {**person.credentials, "company_id": str(new_id())},
        ):
            with counted_hashes() as seen:
                response = await visitor.post("/sessions", json=credentials)
            body = {key: value for key, value in response.json().items() if key != "request_id"}
            answers.add((response.status_code, str(body), len(seen)))
        assert len(answers) == 1
        assert next(iter(answers))[0] == 401

    async def test_the_work_is_the_same_for_none_one_and_several_companies(
        self, visitor: CheckedClient, person: Person, platform: Platform
    ) -> None:
        shared = await make_person(platform, person.company_id)
        for n in range(3):
            await make_person(platform, await make_company(platform), email=shared.email, password=f"{OTHER} {n}")
        work = []
        for email in (person.email, shared.email, "nobody" + person.email):
            with counted_hashes() as seen:
                await visitor.post("/sessions", json={"email": email, "password": "not this one"})
            work.append((len(seen), len(visitor.last_statements)))
        assert set(work) == {(1, 3)}

    async def test_a_wrong_password_is_noted_where_it_was_looked_for(
        self, visitor: CheckedClient, platform: Platform, person: Person, elsewhere: Person
    ) -> None:
        await visitor.post("/sessions", json={**person.credentials, "password": "not this one"})
        for one in (person, elsewhere):
            assert await failures(platform, one.company_id) == [(one.id, "credentials")]

    async def test_a_sign_in_elsewhere_is_not_noted(
        self, visitor: CheckedClient, platform: Platform, person: Person, elsewhere: Person
    ) -> None:
        await visitor.post("/sessions", json={**elsewhere.credentials, "company_id": str(elsewhere.company_id)})
        await visitor.post("/sessions", json=elsewhere.credentials)
        assert await failures(platform, person.company_id) == []

    async def test_making_a_user_of_an_address_shows_nothing_of_its_sign_ins(
        self, visitor: CheckedClient, platform: Platform, person: Person, as_role: Clients
    ) -> None:
        """A company that takes another's address gets neither its failures nor what it is used for."""
        spy = await make_company(platform)
        client = as_role("company_admin", company=spy)
        made = await client.post("/users", json={"email": person.email, "name": "Spy", "roles": ["viewer"]})
        assert made.status_code == 201
        await visitor.post("/sessions", json={**person.credentials, "password": "not this one"})
        assert await company_of(visitor, person.credentials) == str(person.company_id)
        assert await failures(platform, spy) == []


async def test_addresses_across_companies_are_found_by_index(platform: Platform) -> None:
    """Under row-level security, in the system scope, and without a look at every company."""
    sql = opened_by_password("a@b.example").compile(
        dialect=platform.db.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    async with platform.db.transaction(None, system=True) as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join((await session.scalars(text(f"EXPLAIN {sql}"))).all())
    assert {"ix_users_email", "pk_passwords", "pk_companies"} <= set(re.findall(r"(?:ix|pk)_\w+", plan)), plan
