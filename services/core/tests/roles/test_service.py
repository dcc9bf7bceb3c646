"""Roles as the rest of core uses them: finding what a document names, and what others are told."""

from __future__ import annotations

import pytest

from etter_common.context import Context
from etter_common.events.contracts.core import RoleChanged, RoleDeleted
from etter_core.roles import service
from etter_core.roles.errors import RoleAlreadyExists
from etter_core.roles.repository import RoleRepository
from etter_core.roles.schemas import RoleCreate, RoleUpdate


async def role(ctx: Context, title: str, department: str = "") -> None:
    await service.create(ctx, RoleCreate(title=title, department=department))


class TestFindOrAdd:
    async def test_a_known_role_is_found_however_it_is_written(self, ctx: Context) -> None:
        await role(ctx, "HR Advisor", "People")
        found = await service.find_or_add(ctx, [("hr adviser", "PEOPLE"), ("HR Advisor", "People")])
        assert len({known.id for known in found.values()}) == 1
        assert await RoleRepository(ctx).count() == 1

    async def test_an_unknown_one_is_added_once(self, ctx: Context) -> None:
        found = await service.find_or_add(ctx, [("Buyer", "Finance"), ("BUYER", "Finance"), ("Buyer", "Kitchen")])
        await ctx.session.flush()
        assert len({known.id for known in found.values()}) == 2

    async def test_a_role_without_department_takes_the_one_that_is_given(self, ctx: Context) -> None:
        await role(ctx, "Buyer")
        found = await service.find_or_add(ctx, [("Buyer", "Finance")])
        assert found["Buyer", "Finance"].department == "Finance"
        assert await RoleRepository(ctx).count() == 1

    async def test_a_title_alone_means_the_only_role_of_that_title(self, ctx: Context) -> None:
        await role(ctx, "Buyer", "Finance")
        assert (await service.find_or_add(ctx, [("Buyer", "")]))["Buyer", ""].department == "Finance"
        await role(ctx, "Buyer", "Kitchen")
        assert (await service.find_or_add(ctx, [("Buyer", "")]))["Buyer", ""].department == ""


class TestEvents:
    async def test_each_change_is_announced_with_its_version(self, ctx: Context) -> None:
        made = await service.create(ctx, RoleCreate(title="Buyer", department="Finance"))
        await service.update(ctx, made.id, RoleUpdate(headcount=3), if_match='"1"')
        await service.delete(ctx, made.id, if_match='"2"')
        assert [event.payload for event in ctx.events] == [
            RoleChanged(role_id=made.id, title="Buyer", department="Finance", version=1),
            RoleChanged(role_id=made.id, title="Buyer", department="Finance", version=2),
            RoleDeleted(role_id=made.id, version=3),
        ]
        assert {event.company_id for event in ctx.events} == {ctx.company_id}

    async def test_what_is_cached_of_the_company_is_dropped(self, ctx: Context) -> None:
        await role(ctx, "Buyer")
        assert any(str(ctx.company_id) in tag for tag in ctx.stale_tags)


class TestDuplicates:
    async def test_the_database_refuses_what_two_requests_add_at_once(self, ctx: Context) -> None:
        """Two requests may both find the title free; the second to commit gets the same error."""
        await role(ctx, "Buyer", "Finance")
        repository = RoleRepository(ctx)
        found = await repository.find_titled("buyer", "FINANCE")
        assert found is not None
        twin = type(found)(title="BUYER", department="finance")
        repository.add(twin)
        with pytest.raises(RoleAlreadyExists):
            await ctx.finish()
