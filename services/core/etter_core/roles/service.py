"""What the business does with roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from etter_common import etags, fieldsets
from etter_common.context import Context
from etter_common.fieldsets import FieldsQuery
from etter_common.responses import encode_data, encode_page
from etter_core.occupations import service as occupations
from etter_core.roles import events, titles
from etter_core.roles.errors import RoleAlreadyExists, UnknownOccupation
from etter_core.roles.models import Role
from etter_core.roles.repository import RoleRepository
from etter_core.roles.schemas import (
    AutocompleteQuery,
    Department,
    RoleCreate,
    RoleQuery,
    RoleSuggestion,
    RoleUpdate,
)


async def create(ctx: Context, data: RoleCreate) -> Role:
    roles = RoleRepository(ctx)
    if await roles.find_titled(data.title, data.department):
        raise RoleAlreadyExists(f"{data.department or 'the company'} has a role {data.title!r}")
    is_chosen = data.occupation_code is not None
    role = roles.add(Role(**data.model_dump(), occupation_similarity=None, occupation_chosen=is_chosen))
    await map_to_occupations(ctx, [role])
    await changed(ctx, role)
    return role


async def update(ctx: Context, role_id: UUID, data: RoleUpdate, *, if_match: str | None) -> Role:
    role = await RoleRepository(ctx).get(role_id, for_update=True)
    etags.require_match(if_match, role.version)
    given = data.model_dump(exclude_unset=True)
    for name in ("title", "department", "headcount", "currency"):
        if name in given and given[name] is None:
            del given[name]  # these cannot be emptied, only replaced
    for name, value in given.items():
        setattr(role, name, value)
    if "occupation_code" in given:
        role.occupation_chosen = given["occupation_code"] is not None
        role.occupation_similarity = None
    if "occupation_code" in given or "title" in given:
        await map_to_occupations(ctx, [role])
    await changed(ctx, role)
    return role


async def delete(ctx: Context, role_id: UUID, *, if_match: str | None) -> None:
    roles = RoleRepository(ctx)
    role = await roles.get(role_id, for_update=True)
    etags.require_match(if_match, role.version)
    await roles.delete(role)
    ctx.invalidate(events.stale(role.company_id))
    await ctx.publish(events.role_deleted(role))


async def map_to_occupations(ctx: Context, roles: list[Role]) -> None:
    """Set the nearest reference occupation of each role; an occupation that a person chose is only checked."""
    chosen = {role.occupation_code for role in roles if role.occupation_chosen and role.occupation_code}
    if unknown := chosen - await occupations.existing(ctx, chosen):
        raise UnknownOccupation(f"unknown occupation {', '.join(sorted(unknown))}")
    open_roles = [role for role in roles if not role.occupation_chosen]
    matches = await occupations.match(ctx, [(role.title, role.department) for role in open_roles])
    for role, match in zip(open_roles, matches, strict=True):
        role.occupation_code = match.code if match else None
        role.occupation_similarity = match.similarity if match else None


async def find_or_add(ctx: Context, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Role]:
    """The role of each (title, department) as somebody wrote them; what is not known yet is added.

    Titles are compared by `titles.same`. A role whose department nobody has named yet takes the one that is given; a
    title given without a department means the company's only role of that title.
    """
    repository = RoleRepository(ctx)
    known: dict[str, list[Role]] = defaultdict(list)
    for role in await repository.lock_all():
        known[titles.outline(role.title)].append(role)
    found: dict[tuple[str, str], Role] = {}
    for title, department in keys:
        alike = known[titles.outline(title)]
        match = _known(alike, title, department)
        if match is None:
            match = repository.add(Role(title=title, department=department, headcount=0, currency="USD"))
            alike.append(match)
        elif not match.department:
            match.department = department
        found[title, department] = match
    return found


def _known(candidates: Sequence[Role], title: str, department: str) -> Role | None:
    alike = [role for role in candidates if titles.same(role.title, title)]
    here = [role for role in alike if role.department.casefold() == department.casefold()]
    if here or not alike:
        return here[0] if here else None
    if department:
        return next((role for role in alike if not role.department), None)
    return alike[0] if len(alike) == 1 else None


async def changed(ctx: Context, *roles: Role) -> None:
    """Write the roles, announce each, and drop what is cached of the company's roles."""
    await ctx.session.flush()
    for role in roles:
        await ctx.publish(events.role_changed(role))
    ctx.invalidate(events.stale(ctx.company_id))


async def get(ctx: Context, role_id: UUID) -> Role:
    return await RoleRepository(ctx).get(role_id)


async def list_page(ctx: Context, query: RoleQuery) -> bytes:
    return encode_page(await RoleRepository(ctx).list_page(query))


async def suggest(ctx: Context, query: AutocompleteQuery) -> bytes:
    tree = fieldsets.parse(query.fields, RoleSuggestion)
    return encode_data(await RoleRepository(ctx).suggest(query.q, query.limit), tree)


async def list_departments(ctx: Context, query: FieldsQuery) -> bytes:
    tree = fieldsets.parse(query.fields, Department)
    return encode_data(await RoleRepository(ctx).departments(), tree)
