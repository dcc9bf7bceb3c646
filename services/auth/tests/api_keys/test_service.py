"""How far a key reaches, and how every service hears of it: against verifiers that never ask auth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from etter_auth.api_keys import service
from etter_auth.audit_events import service as audit
from etter_auth.audit_events.entries import Entry
from etter_common import api_keys
from etter_common.buckets import bucket, entries
from etter_common.errors import Unauthenticated
from etter_common.ids import new_id
from etter_common.messaging import Nats
from etter_common.platform import Platform, open_platform
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient

from ..conftest import Clients, later
from ..factories import make_company, make_person
from .test_router import make


def counts(platform: Platform, key: str) -> bool:
    try:
        platform.tokens.verify(key)
    except Unauthenticated:
        return False
    return True


async def taken(platform: Platform, key: str) -> None:
    async def now() -> bool:
        return counts(platform, key)

    await until(now)


async def refused(platform: Platform, key: str) -> None:
    async def now() -> bool:
        return not counts(platform, key)

    await until(now)


async def make_revoked(admin: CheckedClient, platform: Platform) -> dict[str, Any]:
    """A key that was made and revoked, and nothing about it is on its way any more."""
    made = await make(admin)
    await taken(platform, made["secret"])
    await admin.delete(f"/api-keys/{made['id']}")
    await refused(platform, made["secret"])
    return made


async def told(platform: Platform) -> dict[str, bytes | None]:
    return {key: entry.value for key, entry in (await entries(await bucket(platform.nats, api_keys.BUCKET))).items()}


@pytest.fixture
async def another(platform: Platform) -> AsyncIterator[Platform]:
    """Another process, as core has one, with what it has heard itself."""
    async with open_platform(platform.settings) as opened:
        yield opened


class TestTell:
    async def test_a_key_counts_everywhere_and_says_whose_it_is(
        self, admin: CheckedClient, company: UUID, another: Platform
    ) -> None:
        made = await make(admin, role="validator")
        await taken(another, made["secret"])
        principal = another.tokens.verify(made["secret"])
        assert (str(principal.key_id), principal.session_id) == (made["id"], None)
        assert (principal.company_id, str(principal.user_id)) == (company, made["user_id"])
        assert principal.may("workflows:validate")
        assert not principal.may("roles:write")

    async def test_a_revoked_one_ends_everywhere(self, admin: CheckedClient, another: Platform) -> None:
        made = await make(admin)
        await taken(another, made["secret"])
        assert another.tokens.known(f"Bearer {made['secret']}".encode())
        await admin.delete(f"/api-keys/{made['id']}")
        await refused(another, made["secret"])
        assert another.tokens.known(f"Bearer {made['secret']}".encode()) is None

    async def test_who_starts_later_hears_of_both(self, admin: CheckedClient, platform: Platform) -> None:
        live, revoked = await make(admin), await make_revoked(admin, platform)
        await taken(platform, live["secret"])
        async with open_platform(platform.settings) as late:
            assert counts(late, live["secret"])
            assert not counts(late, revoked["secret"])

    async def test_what_is_told_opens_nothing(self, admin: CheckedClient, platform: Platform) -> None:
        made = await make(admin)
        await taken(platform, made["secret"])
        assert made["secret"][-49:].encode() not in ((await told(platform))[made["id"]] or b"")

    async def test_an_event_that_comes_late_brings_no_key_back(self, admin: CheckedClient, platform: Platform) -> None:
        made = await make_revoked(admin, platform)
        async with platform.work(company_id=admin.caller.company_id if admin.caller else None) as ctx:
            await service.tell(ctx, UUID(made["id"]))
        assert (await told(platform))[made["id"]] == api_keys.REVOKED


class TestEnds:
    async def test_with_its_makers_account(
        self, admin: CheckedClient, platform: Platform, company: UUID, as_role: Clients
    ) -> None:
        maker = await make_person(platform, company, roles=["company_admin"])
        made = await make(as_role("company_admin", user=maker.id))
        mine = await make(admin)
        for key in (made, mine):
            await taken(platform, key["secret"])
        assert (await admin.delete(f"/users/{maker.id}", headers={"If-Match": "*"})).status_code == 204
        row = (await admin.get(f"/api-keys/{made['id']}")).json()["data"]  # in the same transaction
        assert row["revoke_reason"] == "deactivated"
        await refused(platform, made["secret"])
        assert counts(platform, mine["secret"])
        await admin.patch(f"/users/{maker.id}", json={"is_active": True}, headers={"If-Match": "*"})
        assert (await admin.get(f"/api-keys/{made['id']}")).json()["data"]["revoke_reason"] == "deactivated"

    async def test_with_its_makers_roles_where_it_goes_beyond_them(
        self, admin: CheckedClient, platform: Platform, company: UUID, as_role: Clients
    ) -> None:
        maker = await make_person(platform, company, roles=["company_admin"])
        client = as_role("company_admin", user=maker.id)
        beyond, within = await make(client, role="company_admin"), await make(client, role="viewer")
        for key in (beyond, within):
            await taken(platform, key["secret"])
        changed = await admin.patch(f"/users/{maker.id}", json={"roles": ["analyst"]}, headers={"If-Match": "*"})
        assert changed.status_code == 200
        await refused(platform, beyond["secret"])
        assert counts(platform, within["secret"])

    async def test_with_its_company_which_leaves_nothing_of_it(
        self, admin: CheckedClient, platform: Platform, company: UUID, as_role: Clients
    ) -> None:
        made, revoked = await make(admin), await make_revoked(admin, platform)
        await taken(platform, made["secret"])
        root = as_role("super_admin", company=await make_company(platform))
        assert (await root.delete(f"/companies/{company}", headers={"If-Match": "*"})).status_code == 204
        await refused(platform, made["secret"])

        async def is_gone() -> bool:
            return not {made["id"], revoked["id"]} & (await told(platform)).keys()

        await until(is_gone)

    async def test_by_itself(self, admin: CheckedClient, another: Platform) -> None:
        made = await make(admin, expires_in_days=1)
        await taken(another, made["secret"])
        header = f"Bearer {made['secret']}".encode()
        with later(hours=23):
            assert counts(another, made["secret"])
            assert another.tokens.known(header)
        with later(days=1, seconds=10):
            assert another.tokens.known(header) is None
            assert not counts(another, made["secret"])


class TestAlign:
    async def test_a_lost_bucket_heals(self, admin: CheckedClient, platform: Platform, operator: Nats) -> None:
        live, revoked = await make(admin), await make_revoked(admin, platform)
        await taken(platform, live["secret"])
        before = await told(platform)
        await operator.jetstream().purge_stream(f"KV_{api_keys.BUCKET}")
        assert await told(platform) == {}
        assert counts(platform, live["secret"]), "it goes on with what it knows"
        await service.align(platform)
        after = await told(platform)
        assert {key: after[key] for key in (live["id"], revoked["id"])} == {
            live["id"]: before[live["id"]],
            revoked["id"]: api_keys.REVOKED,
        }

    async def test_what_is_right_is_not_written_again(self, admin: CheckedClient, platform: Platform) -> None:
        await taken(platform, (await make(admin))["secret"])
        await service.align(platform)
        store = await bucket(platform.nats, api_keys.BUCKET)
        before = (await store.status()).stream_info.state.last_seq
        await service.align(platform)
        assert (await store.status()).stream_info.state.last_seq == before

    async def test_an_entry_that_is_not_the_tables_is_mended(self, admin: CheckedClient, platform: Platform) -> None:
        made = await make(admin)
        await taken(platform, made["secret"])
        store = await bucket(platform.nats, api_keys.BUCKET)
        right, stray = (await told(platform))[made["id"]], str(new_id())
        await store.put(made["id"], (right or b"").replace(b"analyst", b"super_admin"))
        await store.put(stray, right or b"")
        await service.align(platform)
        after = await told(platform)
        assert after[made["id"]] == right
        assert stray not in after

    async def test_an_operator_revokes_one_by_sql(self, admin: CheckedClient, platform: Platform) -> None:
        made = await make(admin)
        await taken(platform, made["secret"])
        async with platform.work(system=True) as ctx:
            leaked = "UPDATE api_keys SET revoked_at = now(), revoke_reason = 'leaked' WHERE id = :id"
            await ctx.session.execute(text(leaked), {"id": made["id"]})
        await service.align(platform)
        await refused(platform, made["secret"])

    async def test_what_was_revoked_stays_so_whatever_an_older_table_says(
        self, admin: CheckedClient, platform: Platform
    ) -> None:
        made = await make(admin)
        await taken(platform, made["secret"])
        store = await bucket(platform.nats, api_keys.BUCKET)
        await store.put(made["id"], api_keys.REVOKED)
        await service.align(platform)
        assert (await told(platform))[made["id"]] == api_keys.REVOKED

    async def test_expired_ones_leave_the_bucket(self, admin: CheckedClient, platform: Platform) -> None:
        made = await make(admin, expires_in_days=1)
        await taken(platform, made["secret"])
        with later(days=2):
            await service.align(platform)
            assert made["id"] not in await told(platform)
        await service.align(platform)  # the clock is back, and so are the keys
        assert made["id"] in await told(platform)


class TestActing:
    async def test_the_log_names_the_key_and_the_maker(self, admin: CheckedClient, platform: Platform) -> None:
        made = await make(admin)
        await taken(platform, made["secret"])
        principal = platform.tokens.verify(made["secret"])
        target = new_id()
        async with platform.work(principal=principal) as ctx:
            audit.record(ctx, Entry("things:change", ctx.company_id, target_id=target))
        [entry] = (await admin.get("/audit-events", params={"target_id": str(target)})).json()["data"]
        assert entry["actor_id"] == made["user_id"]
        assert entry["details"] == {"api_key_id": made["id"]}

    async def test_a_super_admins_key_stays_in_its_company(
        self, platform: Platform, company: UUID, as_role: Clients, visitor: CheckedClient
    ) -> None:
        root = await make_person(platform, company, roles=["super_admin"])
        client = as_role("super_admin", user=root.id)
        made = await make(client, role="super_admin")
        await taken(platform, made["secret"])
        bearer = {"authorization": f"Bearer {made['secret']}"}
        assert len((await client.get("/companies")).json()["data"]) > 1
        assert [row["id"] for row in (await visitor.get("/companies", headers=bearer)).json()["data"]] == [str(company)]
        elsewhere = await make_company(platform)
        stranger = await make_person(platform, elsewhere)
        for path in (f"/companies/{elsewhere}", f"/users/{stranger.id}"):
            assert (await visitor.get(path, headers=bearer)).status_code == 404
