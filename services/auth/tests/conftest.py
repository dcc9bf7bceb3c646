"""Auth's fixtures: the shared ones, and a company and people that are really there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import getrandbits
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Interval, bindparam, text

from etter_auth.main import create
from etter_auth.passwords.tries import Buckets
from etter_auth.settings import AuthSettings
from etter_auth.tables import Base
from etter_common import clock
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient
from etter_common.testing.service import ServiceUnderTest, fixtures

from .factories import Person, enrol, make_company, make_person

globals().update(
    fixtures(
        ServiceUnderTest(
            "auth",
            AuthSettings,
            create,
            Base.metadata,
            root=Path(__file__).parents[1],
            enrol=enrol,
            # a busy machine is not what is tested
            extra={"argon2_memory_kib": 8, "argon2_time_cost": 1, "hash_wait_s": 30},
        )
    )
)

Clients = Callable[..., CheckedClient]
AGING = text(
    "UPDATE sign_in_tries SET last_at = last_at - :by, succeeded_at = succeeded_at - :by,"
    " holds = ARRAY(SELECT held - :by FROM unnest(holds) AS held)"
).bindparams(bindparam("by", type_=Interval()))


@contextmanager
def later(**by: float) -> Iterator[None]:
    """The wall clock that much ahead: `later(days=14)`."""
    ahead = timedelta(**by)
    clock.freeze(lambda: datetime.now(UTC) + ahead)
    try:
        yield
    finally:
        clock.freeze(None)


async def pass_time(platform: Platform, **by: float) -> None:
    """So much later for sign-in tries, whose time is the database's: all that they remember is that much older."""
    async with platform.db.transaction(None, system=True) as session:
        await session.execute(AGING, {"by": timedelta(**by)})


async def rows_of(platform: Platform, buckets: Buckets) -> dict[bytes, Mapping[str, Any]]:
    """What is stored of one try's buckets, by key."""
    async with platform.db.transaction(None, system=True) as session:
        found = await session.execute(
            text("SELECT * FROM sign_in_tries WHERE key = ANY(:keys)"), {"keys": list(buckets.limits())}
        )
        return {row["key"]: dict(row) for row in found.mappings()}


@pytest.fixture
def address() -> str:
    """An address of a network that no other test comes from."""
    return f"2001:db8:{getrandbits(16):x}:{getrandbits(16):x}::7"


@pytest.fixture
def visitor(as_role: Clients, address: str) -> CheckedClient:
    """Somebody who has not signed in, at an address of their own."""
    client = as_role(None)
    client.headers["x-forwarded-for"] = address
    return client


@pytest.fixture
async def company(platform: Platform, company_id: UUID) -> UUID:
    """The test's company, with its row."""
    return await make_company(platform, company_id)


@pytest.fixture
async def person(platform: Platform, company: UUID) -> Person:
    """An analyst of the test's company."""
    return await make_person(platform, company)


@pytest.fixture
async def admin(platform: Platform, company: UUID, as_role: Clients) -> CheckedClient:
    """A client of a company admin who is really there."""
    someone = await make_person(platform, company, roles=["company_admin"])
    return as_role("company_admin", user=someone.id)
