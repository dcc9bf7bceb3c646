"""The projection follows core and never goes back in time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from etter_common.context import Context
from etter_common.events.contracts.core import ProfileWorkload, RoleDeleted, WorkflowPublished
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_simulation.role_profiles import handlers, service
from etter_simulation.role_profiles.repository import RoleProfileRepository


def published(role_id: UUID, *, company_id: UUID, version: int = 1, **more: Any) -> Event:
    values = {
        "workflow_id": new_id(),
        "role_id": role_id,
        "title": "Clerk",
        "department": "Office",
        "headcount": 12,
        "salary": Decimal("41000.50"),
        "currency": "USD",
        "etter_score": None,
        "validated_score": None,
        "workloads": [ProfileWorkload(name="Filing", type="Auto", skill=0.4, time=1.0, ceiling=0.8)],
        "version": version,
        **more,
    }
    return Event.of(WorkflowPublished(**values), company_id=company_id, aggregate_id=role_id)


class TestTakeOver:
    async def test_a_profile_can_be_simulated(self, ctx: Context) -> None:
        role_id = new_id()
        await handlers.take_over(ctx, published(role_id, company_id=ctx.company_id))
        current = await service.current_roles(ctx)
        assert current.role_ids == [role_id]
        assert current.currency == "USD"
        (role,) = current.roles
        assert (role.role, role.count, role.salary) == ("Clerk", 12, 41000.5)
        assert (role.workloads[0].Name, role.workloads[0].ceiling) == ("Filing", 0.8)

    async def test_a_newer_version_replaces_and_an_older_one_does_not(self, ctx: Context) -> None:
        role_id = new_id()
        for version, headcount in ((2, 20), (3, 30), (1, 10), (3, 99)):
            await handlers.take_over(
                ctx, published(role_id, company_id=ctx.company_id, version=version, headcount=headcount)
            )
        (row,) = await RoleProfileRepository(ctx).list_current(10)
        assert row.headcount == 30

    async def test_another_companys_profile_is_never_touched(self, ctx: Context) -> None:
        role_id = new_id()
        await handlers.take_over(ctx, published(role_id, company_id=ctx.company_id))
        await ctx.finish()
        stranger = ctx.platform.context(company_id=new_id())
        try:
            assert await RoleProfileRepository(stranger).list_current(10) == []
        finally:
            await stranger.finish()


class TestForget:
    async def test_a_deleted_role_is_gone(self, ctx: Context) -> None:
        role_id = new_id()
        await handlers.take_over(ctx, published(role_id, company_id=ctx.company_id))
        await handlers.forget(ctx, _deleted(role_id, ctx.company_id))
        assert await RoleProfileRepository(ctx).list_current(10) == []

    async def test_a_late_profile_does_not_revive_it(self, ctx: Context) -> None:
        role_id = new_id()
        await handlers.forget(ctx, _deleted(role_id, ctx.company_id))
        await handlers.take_over(ctx, published(role_id, company_id=ctx.company_id, version=9))
        assert await RoleProfileRepository(ctx).list_current(10) == []


def _deleted(role_id: UUID, company_id: UUID) -> Event:
    return Event.of(RoleDeleted(role_id=role_id, version=4), company_id=company_id, aggregate_id=role_id)
