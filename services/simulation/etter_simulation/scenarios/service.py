"""Makes scenarios, changes them version by version, and tells what a version assumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row

from etter_common import etags, fieldsets
from etter_common.cache import tag
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.pagination import PageParams
from etter_common.responses import Slice, encode_page
from etter_simulation.analyses.requests import as_request, validated
from etter_simulation.engine.defaults import PRESETS
from etter_simulation.engine.request import MAX_ROLES, Assumptions, RoleIn
from etter_simulation.role_profiles import service as role_profiles
from etter_simulation.scenarios.errors import ScenarioHasNoBaseline, ScenarioVersionNotFound
from etter_simulation.scenarios.models import Scenario
from etter_simulation.scenarios.repository import BaselineRepository, ScenarioRepository, VersionRepository, Wanted
from etter_simulation.scenarios.schemas import (
    BaselineQuery,
    BaselineRolesOut,
    ScenarioCreate,
    ScenarioOut,
    ScenarioQuery,
    ScenarioUpdate,
    VersionOut,
)


@dataclass(frozen=True)
class RoleSet:
    """Roles that a version brings along; `role_ids` are core's, or null."""

    roles: list[RoleIn]
    role_ids: list[str | None]
    left_out: list[dict[str, str]]
    currency: str


@dataclass(frozen=True)
class Resolved:
    """What a version assumes; without `role_set` it is the company's current roles."""

    name: str
    version: int
    assumptions: Assumptions
    role_set: RoleSet | None


@dataclass(frozen=True)
class Playable:
    """A version that can be played: complete assumptions, and roles."""

    version: int
    assumptions: dict[str, Any]
    role_set: RoleSet
    is_current: bool


async def create(ctx: Context, data: ScenarioCreate) -> Scenario:
    """Version 1, with the baseline that it needs."""
    role_set = await _role_set(ctx, data.roles, data.currency)
    now = utc_now()
    scenario = Scenario(
        id=new_id(), version=1, name=data.name, description=data.description,
        assumptions=data.assumptions.model_dump(mode="json"),
        created_by=ctx.user_id, updated_by=ctx.user_id, created_at=now, updated_at=now,
    )  # fmt: skip
    _rest_on(ctx, scenario, data.roles, role_set)
    _check(scenario.assumptions, role_set)
    scenarios = ScenarioRepository(ctx)
    scenarios.add(scenario)
    scenarios.remember(scenario)
    await ctx.session.flush()
    ctx.invalidate(stale(ctx.company_id))
    return scenario


async def update(ctx: Context, scenario_id: UUID, data: ScenarioUpdate, *, if_match: str | None) -> Scenario:
    """The next version."""
    scenarios = ScenarioRepository(ctx)
    scenario, row = await scenarios.take(scenario_id, with_baseline=data.roles is None)
    etags.require_match(if_match, scenario.version)
    if data.name is not None:
        scenario.name = data.name
    if "description" in data.model_fields_set:
        scenario.description = data.description
    if data.assumptions is not None:
        scenario.assumptions = patched(scenario.assumptions, data.assumptions, pointer="/body/assumptions")
    if data.roles is not None:
        currency = data.currency or (scenario.baseline or {}).get("currency") or "USD"
        role_set = await _role_set(ctx, data.roles, currency)
        _rest_on(ctx, scenario, data.roles, role_set)
    else:
        role_set = _as_role_set(row)
    _check(scenario.assumptions, role_set)
    scenario.version += 1
    scenario.updated_by, scenario.updated_at = ctx.user_id, utc_now()
    scenarios.put(scenario)
    scenarios.remember(scenario)
    ctx.invalidate(stale(ctx.company_id))
    return scenario


def stale(company_id: UUID) -> str:
    """The tag of what is remembered about a company's scenarios."""
    return tag(company_id, "scenarios")


async def _role_set(ctx: Context, wanted: list[RoleIn], currency: str) -> RoleSet | None:
    """The roles to keep; none with current ones."""
    if cast(object, wanted) == "current":
        return None
    if cast(object, wanted) == "frozen":
        return of_current(await role_profiles.current_roles(ctx))
    return RoleSet(wanted, [None] * len(wanted), [], currency)


def of_current(current: role_profiles.CurrentRoles) -> RoleSet:
    left_out = [{"role": role.role, "reason": role.reason} for role in current.left_out]
    return RoleSet(current.roles, list(map(str, current.role_ids)), left_out, current.currency)


def _check(assumptions: Mapping[str, Any], role_set: RoleSet | None) -> None:
    """Raise `ValidationFailed` if these assumptions cannot be played with these roles."""
    if role_set is not None:
        as_request(assumptions, role_set.roles, pointer="/body/assumptions")


def _rest_on(ctx: Context, scenario: Scenario, wanted: list[RoleIn], role_set: RoleSet | None) -> None:
    """Give the scenario its role set as a new baseline."""
    if role_set is None:
        scenario.roles, scenario.baseline_id, scenario.baseline = "current", None, None
        return
    baseline_id, now = new_id(), utc_now()
    ScenarioRepository(ctx).keep_roles(
        {
            "id": baseline_id, "scenario_id": scenario.id, "taken_at": now,
            "roles": [role.model_dump(mode="json") for role in role_set.roles],
            "role_ids": role_set.role_ids, "left_out": role_set.left_out, "currency": role_set.currency,
        }
    )  # fmt: skip
    heads = sum(role.count for role in role_set.roles)
    scenario.roles = "frozen" if cast(object, wanted) == "frozen" else "explicit"
    scenario.baseline_id = baseline_id
    scenario.baseline = {
        "id": str(baseline_id),
        "taken_at": now.isoformat(),
        "roles": len(role_set.roles),
        "heads": heads,
        "demand": heads,
        "payroll_per_year": round(sum(role.count * role.salary for role in role_set.roles), 2),
        "currency": role_set.currency,
    }


def patched(stored: Mapping[str, Any], patch: Mapping[str, Any], *, pointer: str) -> dict[str, Any]:
    """The stored assumptions with a merge patch; a preset it names goes before what is stored, not before the patch."""
    preset: Mapping[str, Any] = PRESETS.get(str(patch.get("preset")), {})
    merged = merge(merge(stored, preset), patch)
    return validated(Assumptions, merged, pointer=pointer).model_dump(mode="json")


def merge(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: objects are merged, null removes, everything else replaces."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            below = merged.get(name)
            merged[name] = merge(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


async def delete(ctx: Context, scenario_id: UUID, *, if_match: str | None) -> None:
    """With all versions; what was played from them keeps its own copy."""
    scenarios = ScenarioRepository(ctx)
    scenario = await scenarios.get(scenario_id, for_update=True)
    etags.require_match(if_match, scenario.version)
    await scenarios.delete(scenario)
    ctx.invalidate(stale(ctx.company_id))


async def list_page(ctx: Context, query: ScenarioQuery) -> bytes:
    """The page as it goes out."""
    return encode_page(await ScenarioRepository(ctx).list_page(query))


async def read(ctx: Context, scenario_id: UUID, fields: str | None) -> tuple[int, dict[str, Any]]:
    """The latest version's number and wanted fields."""
    tree = fieldsets.parse(fields, ScenarioOut)
    version, found = await ScenarioRepository(ctx).read(scenario_id, fieldsets.top_level(tree, ScenarioOut))
    return version, fieldsets.narrow(found, tree)


async def list_versions(ctx: Context, scenario_id: UUID, query: PageParams) -> Slice:
    await ScenarioRepository(ctx).read(scenario_id, ())
    return await VersionRepository(ctx).list_page(scenario_id, query)


async def read_version(ctx: Context, scenario_id: UUID, version: int, fields: str | None) -> dict[str, Any]:
    tree = fieldsets.parse(fields, VersionOut)
    found = await VersionRepository(ctx).find_version(scenario_id, version)
    if found is None:
        await ScenarioRepository(ctx).read(scenario_id, ())
        raise ScenarioVersionNotFound
    whole = {name: getattr(found, name) for name in fieldsets.top_level(tree, VersionOut)}
    narrowed: dict[str, Any] = fieldsets.narrow(whole, tree)
    return narrowed


async def read_baseline(ctx: Context, scenario_id: UUID, query: BaselineQuery) -> dict[str, Any]:
    """The roles a version rests on; raises `ScenarioHasNoBaseline` with current ones."""
    tree = fieldsets.parse(query.fields, BaselineRolesOut)
    scenario = await ScenarioRepository(ctx).get(scenario_id)
    version = await VersionRepository(ctx).find_version(scenario_id, query.version or scenario.version)
    if version is None:
        raise ScenarioVersionNotFound
    if version.baseline_id is None:
        raise ScenarioHasNoBaseline
    baseline = await BaselineRepository(ctx).get(version.baseline_id)
    whole = {name: getattr(baseline, name) for name in fieldsets.top_level(tree, BaselineRolesOut)}
    narrowed: dict[str, Any] = fieldsets.narrow(whole, tree)
    return narrowed


async def resolve(ctx: Context, wanted: Sequence[Wanted]) -> dict[Wanted, Resolved]:
    """What each of these versions assumes; those that the company does not have are left out."""
    found: dict[Wanted, Resolved] = {}
    for row in await ScenarioRepository(ctx).list_wanted(wanted) if wanted else ():
        resolved = Resolved(row.name, row.version, Assumptions.model_validate(row.assumptions), _as_role_set(row))
        found[row.scenario_id, row.version] = resolved
        if row.is_latest:
            found[row.scenario_id, None] = resolved
    return found


async def get_playable(ctx: Context, scenario_id: UUID, version: int | None) -> Playable:
    """A version with roles: its baseline, or the company's as they are now. Raises if there is none, or no roles."""
    rows = await ScenarioRepository(ctx).with_profiles(scenario_id, version, limit=MAX_ROLES + 1)
    if not rows:
        await ScenarioRepository(ctx).read(scenario_id, ())
        raise ScenarioVersionNotFound
    first = rows[0]
    role_set = _as_role_set(first)
    if role_set is not None:
        return Playable(first.version, first.assumptions, role_set, is_current=False)
    current = role_profiles.of_profiles([row for row in rows if row.id is not None])
    return Playable(first.version, first.assumptions, of_current(current), is_current=True)


def _as_role_set(row: Row[Any]) -> RoleSet | None:
    """Of a row with a baseline's columns; they are null with current roles."""
    if row.role_set is None:
        return None
    return RoleSet(
        [RoleIn.model_validate(role) for role in row.role_set], row.role_ids, row.left_out, row.role_currency
    )
