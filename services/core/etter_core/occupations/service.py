"""What the rest of core asks of the reference taxonomy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from etter_common import fieldsets
from etter_common.context import Context
from etter_common.responses import encode_data, encode_page
from etter_core.occupations.matching import Match
from etter_core.occupations.reference import Work
from etter_core.occupations.repository import OccupationRepository
from etter_core.occupations.schemas import OccupationQuery, SkillSuggestion, SuggestQuery, TaskSuggestion
from etter_core.occupations.taxonomy import Taxonomy

_INLINE = 20


async def match(ctx: Context, titles: Sequence[tuple[str, str]]) -> list[Match | None]:
    """The occupation of each (title, department), `None` where nothing is near enough. Makes no query."""
    index = ctx.platform.part(Taxonomy).index

    def all_of_them() -> list[Match | None]:
        return [index.certain(title, department) for title, department in titles]

    return all_of_them() if len(titles) <= _INLINE else await asyncio.to_thread(all_of_them)


async def existing(ctx: Context, codes: Iterable[str]) -> set[str]:
    """Those of the codes that the taxonomy has."""
    known = ctx.platform.part(Taxonomy).job_zones
    return {code for code in codes if code in known}


async def job_zone(ctx: Context, code: str | None) -> int | None:
    return ctx.platform.part(Taxonomy).job_zones.get(code) if code else None


async def reference_work(ctx: Context, codes: Iterable[str]) -> dict[str, Work]:
    """What people in these occupations do, for roles that nobody has described."""
    wanted = set(codes)
    return await OccupationRepository(ctx).work_of(wanted) if wanted else {}


async def get(ctx: Context, code: str) -> dict[str, Any]:
    return await OccupationRepository(ctx).get_whole(code)


async def list_page(ctx: Context, query: OccupationQuery) -> bytes:
    return encode_page(await OccupationRepository(ctx).list_page(query))


async def suggest_tasks(ctx: Context, query: SuggestQuery) -> bytes:
    tree = fieldsets.parse(query.fields, TaskSuggestion)
    return encode_data(await OccupationRepository(ctx).suggest_tasks(query.q, query.limit), tree)


async def suggest_skills(ctx: Context, query: SuggestQuery) -> bytes:
    tree = fieldsets.parse(query.fields, SkillSuggestion)
    return encode_data(await OccupationRepository(ctx).suggest_skills(query.q, query.limit), tree)
