"""What the hourly sweep drops, and what it keeps."""

from __future__ import annotations

from sqlalchemy import text

from etter_auth.housekeeping import sweep
from etter_auth.passwords.tries import counters
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from .api_keys.test_router import make
from .conftest import later
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


async def test_tries_go_after_a_day_but_known_addresses_stay_known(
    platform: Platform, visitor: CheckedClient, person: Person, address: str
) -> None:
    await sign_in(visitor, person)
    keys = [c.key for c in counters(person.email, address, key=platform.settings.signing_key).all()]
    stored = "SELECT count(*) FROM sign_in_tries WHERE key = ANY(:keys)"
    assert await count(platform, stored, keys=keys) == 3
    with later(days=1, seconds=5):
        await sweep(platform)
    assert await count(platform, stored, keys=keys) == 1
    with later(days=32):
        await sweep(platform)
    assert await count(platform, stored, keys=keys) == 0


async def test_keys_go_ninety_days_after_their_end(platform: Platform, admin: CheckedClient) -> None:
    made = await make(admin, expires_in_days=1)
    mine = "SELECT count(*) FROM api_keys WHERE id = :id"
    for days, kept in ((90, 1), (92, 0)):
        with later(days=days):
            await sweep(platform)
        assert await count(platform, mine, id=made["id"]) == kept
