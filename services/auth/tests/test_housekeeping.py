"""What the hourly sweep drops, and what it keeps."""

from __future__ import annotations

from sqlalchemy import text

from etter_auth.housekeeping import sweep
from etter_auth.passwords.tries import buckets_of
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from .api_keys.test_router import make
from .conftest import later, pass_time, rows_of
from .factories import Person, sign_in


async def count(platform: Platform, statement: str, **given: object) -> int:
    async with platform.db.transaction(None, system=True) as session:
        return int(await session.scalar(text(statement), given) or 0)


async def test_sessions_go_when_their_last_token_has_expired(
    platform: Platform, visitor: CheckedClient, person: Person
) -> None:
    await sign_in(visitor, person)
    mine = "SELECT count(*) FROM sessions WHERE user_id = :id"
    with later(days=29):
        await sweep(platform)
    assert await count(platform, mine, id=person.id) == 1
    with later(days=30, seconds=5):
        await sweep(platform)
    assert await count(platform, mine, id=person.id) == 0


async def test_tries_go_after_a_day_but_known_networks_stay_known(
    platform: Platform, visitor: CheckedClient, person: Person, address: str
) -> None:
    await sign_in(visitor, person)
    mine = buckets_of(person.email, address, key=platform.settings.signing_key)
    for hours, kept in ((0, 3), (25, 1), (24 * 30, 0)):
        await pass_time(platform, hours=hours)
        await sweep(platform)
        assert len(await rows_of(platform, mine)) == kept


async def test_keys_go_ninety_days_after_their_end(platform: Platform, admin: CheckedClient) -> None:
    made = await make(admin, expires_in_days=1)
    mine = "SELECT count(*) FROM api_keys WHERE id = :id"
    for days, kept in ((90, 1), (92, 0)):
        with later(days=days):
            await sweep(platform)
        assert await count(platform, mine, id=made["id"]) == kept
