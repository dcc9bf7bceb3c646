"""The whole surface of auth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from fastapi import FastAPI

from etter_auth.api_keys.models import ApiKey
from etter_auth.companies.models import Company
from etter_auth.export import EXPORT
from etter_auth.sessions.models import Session
from etter_auth.users.models import User
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.calls import Route
from etter_common.testing.service import ServiceUnderTest
from etter_common.testing.surface import Maker, SurfaceTests, operations


async def make_company(ctx: Context) -> UUID:
    if await ctx.session.get(Company, ctx.company_id) is None:
        ctx.session.add(Company(id=ctx.company_id, name=f"Company {ctx.company_id}", currency="USD"))
        await ctx.session.flush()
    return ctx.company_id


async def make_user(ctx: Context) -> UUID:
    company_id = await make_company(ctx)
    name = f"person-{new_id()}"
    user = User(company_id=company_id, email=f"{name}@b.example", username=name, name="Maya", roles=["viewer"])
    ctx.session.add(user)
    await ctx.session.flush()
    return user.id


async def make_session(ctx: Context) -> UUID:
    user_id, now = await make_user(ctx), utc_now()
    session = Session(
        company_id=ctx.company_id, user_id=user_id, roles=["viewer"], amr=["pwd"], refresh_hash=b"",
        created_at=now, last_used_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    ctx.session.add(session)
    await ctx.session.flush()
    return session.id


async def make_api_key(ctx: Context) -> UUID:
    user_id, now = await make_user(ctx), utc_now()
    key = ApiKey(
        company_id=ctx.company_id, user_id=user_id, name="import", role="viewer", hash=b"", created_at=now,
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    ctx.session.add(key)
    await ctx.session.flush()
    return key.id


class TestSurface(SurfaceTests):
    makers: ClassVar[Mapping[str, Maker]] = {
        "user_id": make_user,
        "session_id": make_session,
        "key_id": make_api_key,
    }
    shared = frozenset({"company_id"})  # a super admin works across companies: test_companies has what others see
    erases = False  # its own part is in companies/service.py, in the transaction that announces it
    unmapped: ClassVar[Mapping[str, str]] = {
        "uq_master_companies_name": "written by the command that loads the directory",
        "fk_audit_events_company_id_companies": "violated only while the company is being deleted",
        "fk_api_keys_user_id_users": "violated only while the company is being deleted",
        "fk_api_keys_company_id_companies": "violated only while the company is being deleted",
        "fk_passwords_user_id_users": "violated only while the company is being deleted",
        "fk_passwords_company_id_companies": "violated only while the company is being deleted",
        "fk_sessions_user_id_users": "violated only while the company is being deleted",
        "fk_sessions_company_id_companies": "violated only while the company is being deleted",
    }
    wider: ClassVar[Mapping[str, str]] = {"pk_passwords": "one a user, whose id is ours"}
    export = EXPORT
    needs_session = frozenset(
        {
            *(("GET", path) for path in ("/me", "/sessions", "/api-keys", "/api-keys/{key_id}")),
            *(("POST", path) for path in ("/me/password", "/users", "/companies", "/api-keys")),
            *(("PATCH", path) for path in ("/me", "/users/{user_id}", "/companies/{company_id}")),
            *(("DELETE", path) for path in ("/sessions/current", "/sessions/{session_id}", "/users/{user_id}")),
            *(("DELETE", path) for path in ("/companies/{company_id}", "/api-keys/{key_id}")),
        }
    )
    bodies: ClassVar[Mapping[Route, object]] = {("PATCH", "/users/{user_id}"): {"name": "Maya"}}
    without_database = frozenset(
        {
            ("GET", "/.well-known/jwks.json"),
            ("POST", "/sessions/refresh"),  # a token of the right form that auth never made is found out by itself
        }
    )
    public = frozenset({("POST", "/sessions"), ("POST", "/sessions/refresh"), ("GET", "/.well-known/jwks.json")})

    def test_an_api_key_changes_nothing_here(self, app: FastAPI, unit_under_test: ServiceUnderTest) -> None:
        """Whatever auth changes decides who gets in: a leaked key must not outlive its revocation by it."""
        routes = set(operations(app, f"/api/{unit_under_test.name}/v1"))
        assert {route for route in routes if route[0] != "GET"} - self.needs_session == self.public - {
            ("GET", "/.well-known/jwks.json")
        }
