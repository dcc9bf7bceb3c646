"""Valid objects for tests; a test states only what matters to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

from argon2.low_level import hash_secret
from httpx2 import Response

from etter_auth import digests
from etter_auth.api_keys.models import ApiKey
from etter_auth.companies.models import Company
from etter_auth.passwords import service as passwords
from etter_auth.sessions.models import Session
from etter_auth.users import service as users
from etter_auth.users.models import User
from etter_auth.users.schemas import UserCreate
from etter_common.auth import Principal
from etter_common.clock import utc_now
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, CheckedClient

PASSWORD = "an otter sings at dusk"


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gave."""

    access: str
    refresh: str
    session_id: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.access}"}


async def sign_in(client: CheckedClient, person: Person) -> Tokens:
    return tokens_of(await client.post("/sessions", json=person.credentials))


async def refresh(client: CheckedClient, token: str, **headers: str) -> Tokens:
    return tokens_of(await client.post("/sessions/refresh", json={"refresh_token": token}, headers=headers))


def tokens_of(response: Response) -> Tokens:
    assert response.is_success, response.text
    data = response.json()["data"]
    return Tokens(data["access_token"], data["refresh_token"], data["session_id"])


@dataclass(frozen=True)
class Person:
    """A stored user and the password they sign in with."""

    id: UUID
    company_id: UUID
    email: str
    role: str
    password: str = PASSWORD

    @property
    def credentials(self) -> dict[str, str]:
        return {"email": self.email, "password": self.password}

    @property
    def caller(self) -> Caller:
        return Caller(self.id, self.company_id, self.role)


async def enrol(platform: Platform, principal: Principal) -> None:
    """Make the rows of a caller whose token no sign-in gave; the user and the company only if they are missing."""
    company_id = principal.company_id
    async with platform.work(system=True) as ctx:
        if await ctx.session.get(User, principal.user_id) is None:
            if await ctx.session.get(Company, company_id) is None:
                ctx.session.add(Company(id=company_id, name=f"Company {company_id}", currency="USD"))
                await ctx.session.flush()
            ctx.session.add(_user_of(principal))
            await ctx.session.flush()
        ctx.session.add(_session_of(principal) if principal.session_id else _key_of(principal))


def _user_of(principal: Principal) -> User:
    name = f"caller-{principal.user_id}"
    return User(
        id=principal.user_id, company_id=principal.company_id, email=f"{name}@brightwater.example", username=name,
        name="Caller", roles=list(principal.roles),
    )  # fmt: skip


def _session_of(principal: Principal) -> Session:
    now = utc_now()
    return Session(
        id=principal.session_id, company_id=principal.company_id, user_id=principal.user_id,
        roles=list(principal.roles), amr=["pwd"], refresh_hash=b"", created_at=now, last_used_at=now,
        expires_at=now + timedelta(days=1),
    )  # fmt: skip


def _key_of(principal: Principal) -> ApiKey:
    return ApiKey(
        id=principal.key_id, company_id=principal.company_id, user_id=principal.user_id, name="planted",
        role=principal.roles[0], hash=principal.key_sha256 or b"", created_at=utc_now(),
        expires_at=datetime.fromtimestamp(principal.expires_at, UTC),
    )  # fmt: skip


async def make_company(platform: Platform, company_id: UUID | None = None) -> UUID:
    company_id = company_id or new_id()
    async with platform.work(company_id=company_id) as ctx:
        ctx.session.add(Company(id=company_id, name=f"Company {company_id}", currency="USD"))
    return company_id


@contextmanager
def counted_hashes() -> Iterator[list[bytes]]:
    """The salt of each argon2id that is computed meanwhile."""
    seen: list[bytes] = []
    compute = hash_secret

    def noted(secret: bytes, salt: bytes, *settings: Any) -> bytes:
        seen.append(salt)
        return compute(secret, salt, *settings)

    with mock.patch.object(digests, "hash_secret", noted):
        yield seen


async def make_person(
    platform: Platform,
    company_id: UUID,
    *,
    roles: Sequence[str] = ("analyst",),
    email: str | None = None,
    password: str = PASSWORD,
) -> Person:
    email = email or f"person-{new_id()}@brightwater.example"
    wanted = UserCreate.model_validate({"email": email, "name": "Maya Lindqvist", "roles": list(roles)})
    async with platform.work(system=True) as ctx:
        user, _ = await users.provide(ctx, company_id, wanted)
        await passwords.provide(ctx, user, password)
    return Person(user.id, company_id, user.email, roles[0], password)
