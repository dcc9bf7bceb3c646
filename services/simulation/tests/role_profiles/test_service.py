"""Which of the company's own roles can be simulated, and under what name."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.context import Context
from etter_common.events.contracts.core import ProfileWorkload
from etter_common.ids import new_id
from etter_simulation.role_profiles import handlers, service
from etter_simulation.role_profiles.errors import MixedCurrencies, NoRoleProfiles

from .test_handlers import published


async def publish(ctx: Context, **values: Any) -> None:
    await handlers.take_over(ctx, published(new_id(), company_id=ctx.company_id, **values))


class TestCurrentRoles:
    async def test_without_any_there_is_nothing_to_simulate(self, ctx: Context) -> None:
        with pytest.raises(NoRoleProfiles):
            await service.current_roles(ctx)

    async def test_what_cannot_be_simulated_is_left_out_and_told(self, ctx: Context) -> None:
        half = [ProfileWorkload(name="a", type="Auto", skill=0.5, time=0.5, ceiling=1.0)]
        await publish(ctx, title="Good")
        await publish(ctx, title="Unpaid", salary=None)
        await publish(ctx, title="Idle", workloads=[])
        await publish(ctx, title="Partial", workloads=half)
        current = await service.current_roles(ctx)
        assert [role.role for role in current.roles] == ["Good"]
        reasons = {role.role: role.reason for role in current.left_out}
        assert reasons["Unpaid"] == "no salary is known"
        assert "sum to 1" in reasons["Partial"]
        assert set(reasons) == {"Unpaid", "Idle", "Partial"}

    async def test_roles_of_one_title_are_told_apart(self, ctx: Context) -> None:
        await publish(ctx, department="Office")
        await publish(ctx, department="Plant")
        await publish(ctx, department="Plant")
        names = [role.role for role in (await service.current_roles(ctx)).roles]
        assert names[0] == "Clerk (Office)"
        assert all(name.startswith("Clerk (Plant) ") for name in names[1:])
        assert len(set(names)) == 3

    async def test_two_currencies_cannot_be_added_up(self, ctx: Context) -> None:
        await publish(ctx)
        await publish(ctx, title="Vendeuse", currency="EUR")
        with pytest.raises(MixedCurrencies):
            await service.current_roles(ctx)
