"""The company's own roles, ready to be simulated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row

from etter_common.context import Context
from etter_simulation.engine.request import MAX_ROLES, RoleIn
from etter_simulation.role_profiles.errors import MixedCurrencies, NoRoleProfiles, TooManyRoleProfiles
from etter_simulation.role_profiles.repository import RoleProfileRepository


@dataclass(frozen=True)
class LeftOut:
    """A role that cannot be simulated, and why."""

    role: str
    reason: str


@dataclass(frozen=True)
class CurrentRoles:
    """`role_ids` are core's, in the order of `roles`."""

    roles: list[RoleIn]
    role_ids: list[UUID]
    left_out: list[LeftOut]
    currency: str


async def current_roles(ctx: Context) -> CurrentRoles:
    """See `of_profiles`."""
    return of_profiles(await RoleProfileRepository(ctx).list_current(MAX_ROLES + 1))


def of_profiles(found: Sequence[Row[Any]]) -> CurrentRoles:
    """Roles without pay or usable workloads are left out and told; raises if none remain or currencies are mixed."""
    if len(found) > MAX_ROLES:
        raise TooManyRoleProfiles
    usable: list[tuple[Row[Any], RoleIn]] = []
    left_out: list[LeftOut] = []
    for profile, name in zip(found, _names(found), strict=True):
        role = _as_role(profile, name)
        if isinstance(role, LeftOut):
            left_out.append(role)
        else:
            usable.append((profile, role))
    if not usable:
        raise NoRoleProfiles
    currencies = sorted({profile.currency for profile, _ in usable})
    if len(currencies) > 1:
        raise MixedCurrencies(currencies=currencies)
    return CurrentRoles([role for _, role in usable], [profile.id for profile, _ in usable], left_out, currencies[0])


def _as_role(profile: Row[Any], name: str) -> RoleIn | LeftOut:
    if profile.salary is None:
        return LeftOut(name, "no salary is known")
    workloads = [
        {"Name": w["name"], "Type": w["type"], "Skill": w["skill"], "Time": w["time"], "ceiling": w["ceiling"]}
        for w in profile.workloads
    ]
    try:
        return RoleIn.model_validate(
            {"role": name, "count": profile.headcount, "salary": float(profile.salary), "workloads": workloads}
        )
    except ValidationError as invalid:
        return LeftOut(name, invalid.errors()[0]["msg"])


def _names(found: Sequence[Row[Any]]) -> list[str]:
    """The titles; where several roles share one, with the department, and if need be the end of the id."""
    titles = Counter(profile.title for profile in found)
    longer = [
        profile.title
        if titles[profile.title] == 1
        else f"{profile.title[:120]} ({(profile.department or 'no department')[:60]})"
        for profile in found
    ]
    again = Counter(longer)
    return [
        name if again[name] == 1 else f"{name} {str(profile.id)[-8:]}"
        for name, profile in zip(longer, found, strict=True)
    ]
