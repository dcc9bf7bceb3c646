"""The whole surface of auth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from etter_auth.companies.models import Company
from etter_auth.export import EXPORT
from etter_auth.sessions.models import Session
from etter_auth.users.models import User
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.surface import Maker, SurfaceTests


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


class TestSurface(SurfaceTests):
    makers: ClassVar[Mapping[str, Maker]] = {"user_id": make_user, "session_id": make_session}
    shared = frozenset({"company_id"})  # a super admin works across companies: test_companies has what others see
    erases = False  # its own part is in companies/service.py, in the transaction that announces it
    unmapped: ClassVar[Mapping[str, str]] = {
        "uq_master_companies_name": "written by the command that loads the directory",
        "fk_audit_events_company_id_companies": "violated only while the company is being deleted",
        "fk_passwords_user_id_users": "violated only while the company is being deleted",
        "fk_passwords_company_id_companies": "violated only while the company is being deleted",
        "fk_sessions_user_id_users": "violated only while the company is being deleted",
        "fk_sessions_company_id_companies": "violated only while the company is being deleted",
    }
    export = EXPORT
    public = frozenset({("POST", "/sessions"), ("POST", "/sessions/refresh"), ("GET", "/.well-known/jwks.json")})
